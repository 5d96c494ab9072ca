export interface ParsedCef {
  readonly prefix: string;
  readonly header: readonly string[];
  /** Unescaped, in the order of the line. */
  readonly pairs: ReadonlyMap<string, string>;
}

/** Reads a line by the letter of the CEF standard and throws at everything it does not allow. */
export function parseCef(line: string): ParsedCef {
  if (/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/.test(line)) throw new Error('control character');
  const start = line.indexOf('CEF:0|');
  if (start < 0) throw new Error('no CEF:0');
  const header: string[] = [];
  let field = '';
  let at = start;
  for (; header.length < 7; at += 1) {
    const c = line[at];
    if (c === undefined) throw new Error('header too short');
    if (c === '\\') {
      at += 1;
      field += unescape(line[at], { '\\': '\\', '|': '|' });
    } else if (c === '|') {
      header.push(field);
      field = '';
    } else field += c;
  }
  return { prefix: line.slice(0, start), header, pairs: parseExtension(line.slice(at)) };
}

function parseExtension(text: string): Map<string, string> {
  const pairs = new Map<string, string>();
  let key: string | undefined;
  let value = '';
  const finish = (): void => {
    if (key === undefined) return;
    if (value === '' || /^ | $/.test(value)) throw new Error(`bad value of ${key}: "${value}"`);
    if (pairs.has(key)) throw new Error(`${key} twice`);
    pairs.set(key, value);
  };
  for (let at = 0; at < text.length; at += 1) {
    const c = text[at];
    if (c === '\\') {
      at += 1;
      value += unescape(text[at], { '\\': '\\', '=': '=', n: '\n', r: '\r' });
    } else if (c === '=') {
      const match = /^(?:(.*) )?([A-Za-z0-9]+)$/s.exec(value);
      if (match === null || (match[1] === undefined) !== (key === undefined)) {
        throw new Error(`a bare = after "${value}"`);
      }
      value = match[1] ?? '';
      finish();
      key = match[2];
      value = '';
    } else value += c;
  }
  if (key === undefined && value !== '') throw new Error('text without a key');
  finish();
  return pairs;
}

function unescape(c: string | undefined, known: Readonly<Record<string, string>>): string {
  const plain = known[c ?? ''];
  if (plain === undefined) throw new Error(`bad escape of ${JSON.stringify(c)}`);
  return plain;
}
