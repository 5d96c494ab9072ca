import type { Finding } from './problem.ts';

export interface DecodedText {
  /** Without a byte order mark. */
  readonly text: string;
  readonly finding?: Finding;
}

/**
 * The text of the file. What is no UTF-8 is read as Windows-1252, the encoding in which DLS read it on most
 * Windows machines, with a warning. Longer than `limit` bytes, or UTF-16, is an error.
 */
export function decodeText(bytes: Uint8Array, limit: number): DecodedText {
  if (bytes.length > limit)
    return {
      text: '',
      finding: fault('error', 'config_too_large', 'the file is larger than 1 MiB', {
        fix: 'Check that this is the file you mean.',
      }),
    };
  if ((bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff))
    return {
      text: '',
      finding: fault('error', 'config_not_utf8', 'the file is UTF-16, which is not read', saveAs),
    };
  try {
    return { text: withLineFeeds(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) };
  } catch {
    const start = Math.max(0, new TextDecoder().decode(bytes).indexOf('\ufffd'));
    const finding = fault(
      'warning',
      'config_not_utf8',
      'this is not UTF-8; the file is read as Windows-1252',
      saveAs,
    );
    return {
      text: withLineFeeds(windows1252(bytes)),
      finding: { ...finding, span: { start, end: start + 1 } },
    };
  }
}

/** A CR alone ends a line for YAML and for Python, not for our parser. Places in the text stay as they are. */
function withLineFeeds(text: string): string {
  return text.replace(/\r(?!\n)/g, '\n');
}

// 0x80 to 0x9f; the rest is as in Latin-1. Node 20's own decoder reads these as control characters.
const windowsOnly = '€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ';

function windows1252(bytes: Uint8Array): string {
  const latin = Buffer.from(bytes).toString('latin1');
  return latin.replace(
    /[\u0080-\u009f]/g,
    (char) => windowsOnly[char.charCodeAt(0) - 0x80] ?? char,
  );
}

const saveAs: Pick<Finding, 'why' | 'fix'> = {
  why: 'An editor has saved the file in another encoding.',
  fix: 'Save it as UTF-8, in Notepad by "Save as", encoding UTF-8.',
};

function fault(
  severity: 'error' | 'warning',
  code: string,
  message: string,
  words: Pick<Finding, 'why' | 'fix'>,
): Finding {
  return { severity, code, path: [], message, ...words };
}
