import { isIP } from 'node:net';

// Seven spellings of address and port have been seen in Duo's rows:
// 1.2.3.4:5 · [v6]:5 · v6#5 · v6p5 · v6 port 5 · v6.5 · v6:5 (nine groups)
const bracketed = /^\[([^\]]*)\](?::(\d{1,5}))?$/;
const withPort = /^(.+?)(?: port |[:#p.])(\d{1,5})$/;
const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;

export interface SplitAddress {
  /** Undefined when the text holds no address. */
  readonly address?: string;
  /** 0 to 65535. */
  readonly port?: number;
}

/** The address and its port; an IPv4 address inside an IPv6 one (RFC 4291 §2.5.5.2) counts as IPv4. */
export function splitAddress(text: string): SplitAddress {
  const { address, port } = partsOf(text);
  if (address === undefined) return {};
  const plain = mapped.exec(address)?.[1] ?? address;
  const number = port === undefined ? NaN : Number(port);
  return { address: plain, ...(number <= 65535 && { port: number }) };
}

/** The address without its port; undefined when the text holds no address. */
export function bareAddress(text: string): string | undefined {
  return partsOf(text).address;
}

function partsOf(text: string): { readonly address?: string; readonly port?: string } {
  const trimmed = text.trim();
  // Longer text is no address, and the patterns are not let loose on it.
  if (trimmed.length > 80) return {};
  if (isIP(trimmed) !== 0) return { address: trimmed };
  const [, address = '', port] = bracketed.exec(trimmed) ?? withPort.exec(trimmed) ?? [];
  if (isIP(address) === 0) return {};
  return { address, ...(port !== undefined && { port }) };
}
