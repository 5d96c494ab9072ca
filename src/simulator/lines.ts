/** Cuts a byte stream into lines at LF, without the LF. */
export interface LineCutter {
  /** The lines that this piece completes. */
  push(piece: Buffer): Buffer[];
  /** Bytes of a line that has not ended. */
  readonly pending: number;
  /** These bytes. */
  rest(): Buffer;
}

export function createLineCutter(): LineCutter {
  let parts: Buffer[] = [];
  let pending = 0;
  return {
    get pending() {
      return pending;
    },
    rest: () => Buffer.concat(parts),
    push(piece) {
      const lines: Buffer[] = [];
      let from = 0;
      for (let at = piece.indexOf(10); at >= 0; at = piece.indexOf(10, from)) {
        const tail = piece.subarray(from, at);
        lines.push(parts.length === 0 ? tail : Buffer.concat([...parts, tail]));
        parts = [];
        pending = 0;
        from = at + 1;
      }
      if (from < piece.length) {
        parts.push(piece.subarray(from));
        pending += piece.length - from;
      }
      return lines;
    },
  };
}
