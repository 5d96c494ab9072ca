import { isIP } from 'node:net';

// Seven spellings of address and port have been seen in Duo's rows:
// 1.2.3.4:5 · [v6]:5 · v6#5 · v6p5 · v6 port 5 · v6.5 · v6:5 (nine groups)
const bracketed = /^\[([^\]]*)\](?::\d{1,5})?$/;
const withPort = /^(.+?)(?: port |[:#p.])\d{1,5}$/;

/** The address without its port; undefined when the text holds no address. */
export function bareAddress(text: string): string | undefined {
  const trimmed = text.trim();
  // Longer text is no address, and the patterns are not let loose on it.
  if (trimmed.length > 80) return undefined;
  if (isIP(trimmed) !== 0) return trimmed;
  const address = bracketed.exec(trimmed)?.[1] ?? withPort.exec(trimmed)?.[1] ?? '';
  return isIP(address) === 0 ? undefined : address;
}
