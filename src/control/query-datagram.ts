/** What a datagram asks. Pure; the rules are those that Duo Watcher's monitor knows, measured at the daemon. */
export interface Query {
  /** Digits and spaces before the command, sent back in front of the answer. */
  readonly prefix: string;
  readonly ask: Ask;
}

export type Ask =
  | { readonly kind: 'status' | 'clear' | 'help' | 'rotate' | 'unknown' }
  | {
      readonly kind: 'thread';
      readonly name: string;
      readonly option: string;
      readonly value: string | undefined;
    };

/** A longer datagram is none of ours. */
export const longestQuery = 1024;
const newline = 0x0a;

/** Undefined: no answer. Everything from the first newline on does not count, whatever it is. */
export function parseQuery(datagram: Uint8Array): Query | undefined {
  if (datagram.length > longestQuery) return undefined;
  const end = datagram.indexOf(newline);
  const text = textOf(end < 0 ? datagram : datagram.subarray(0, end));
  const [, prefix = '', command = ''] = /^([0-9 ]*)(.*)$/s.exec(text ?? '') ?? [];
  if (command === '') return undefined;
  return { prefix, ask: askOf(command) };
}

function askOf(command: string): Ask {
  if (command.startsWith('s')) return { kind: 'status' };
  const words = command.trim().split(/\s+/);
  const [first, name, option, value] = words;
  if (first === 'thread' && name !== undefined && option !== undefined && words.length <= 4)
    return { kind: 'thread', name, option, value };
  if (words.length > 1) return { kind: 'unknown' };
  if (first === 'ack' || first === 'clear') return { kind: 'clear' };
  if (first === 'rotate' || first === 'newlog') return { kind: 'rotate' };
  return { kind: first === 'help' ? 'help' : 'unknown' };
}

/** Bytes that are no text ended the old daemon; they get no answer. */
function textOf(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
