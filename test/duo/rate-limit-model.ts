/** Three ways in which a server may count calls; a refused call counts too where `strict`. */
export interface Quota {
  readonly kind: 'bucket' | 'sliding' | 'fixed';
  readonly perMinute: number;
  readonly strict: boolean;
}

export function createServerModel({ kind, perMinute, strict }: Quota): (nowMs: number) => boolean {
  if (kind === 'bucket') return bucket(perMinute, strict);
  return kind === 'sliding' ? sliding(perMinute, strict) : fixed(perMinute, strict);
}

function bucket(perMinute: number, strict: boolean): (nowMs: number) => boolean {
  let tokens = perMinute;
  let lastMs: number | undefined;
  return (nowMs) => {
    tokens = Math.min(perMinute, tokens + ((nowMs - (lastMs ?? nowMs)) / 60_000) * perMinute);
    lastMs = nowMs;
    const granted = tokens >= 1;
    if (granted || strict) tokens = Math.max(0, tokens - 1);
    return granted;
  };
}

function sliding(perMinute: number, strict: boolean): (nowMs: number) => boolean {
  let counted: number[] = [];
  return (nowMs) => {
    counted = counted.filter((timeMs) => timeMs > nowMs - 60_000);
    const granted = counted.length < perMinute;
    if (granted || strict) counted.push(nowMs);
    return granted;
  };
}

function fixed(perMinute: number, strict: boolean): (nowMs: number) => boolean {
  let minute = -1;
  let count = 0;
  return (nowMs) => {
    const now = Math.floor((nowMs + 17_000) / 60_000);
    if (now !== minute) count = 0;
    minute = now;
    const granted = count < perMinute;
    if (granted || strict) count += 1;
    return granted;
  };
}
