import type { Finding } from './problem.ts';

/** The text of the file without a byte order mark; a finding when it is none, or too long. */
export function decodeText(
  bytes: Uint8Array,
  limit: number,
): { readonly text: string; readonly finding?: Finding } {
  if (bytes.length > limit)
    return {
      text: '',
      finding: fault('config_too_large', 'the file is larger than 1 MiB', {
        fix: 'Check that this is the file you mean.',
      }),
    };
  if ((bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff))
    return { text: '', finding: notUtf8('the file is UTF-16') };
  try {
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(bytes) };
  } catch {
    const text = new TextDecoder().decode(bytes);
    const start = Math.max(0, text.indexOf('\ufffd'));
    return { text, finding: { ...notUtf8('this is not UTF-8'), span: { start, end: start + 1 } } };
  }
}

function notUtf8(message: string): Finding {
  return fault('config_not_utf8', message, {
    why: 'An editor has saved the file in another encoding.',
    fix: 'Save it as UTF-8, in Notepad by "Save as", encoding UTF-8.',
  });
}

function fault(code: string, message: string, words: Pick<Finding, 'why' | 'fix'>): Finding {
  return { severity: 'error', code, path: [], message, ...words };
}
