/** What the program held at one time. */
export interface Sample {
  readonly timeMs: number;
  /** What the system counts. */
  readonly rssBytes: number;
  /** What is in use after a collection: where a leak shows. */
  readonly liveBytes: number;
}

/** Until the look-back is full of ids a life grows to its working size: that is no leak. */
const warmUpMs = 420_000;
const longLifeMs = 600_000;
const hourMs = 3_600_000;

export interface Slope {
  readonly mbPerHour: number;
  /** Lives long enough to count, and their length in all. */
  readonly lives: number;
  readonly minutes: number;
}

/** Lines of `time,rss,live`; a last one that was cut by a kill does not count. */
export function parseSamples(text: string): Sample[] {
  const lines = text.split('\n').slice(0, -1);
  return lines.map((line) => {
    const [timeMs = 0, rssBytes = 0, liveBytes = 0] = line.split(',').map(Number);
    return { timeMs, rssBytes, liveBytes };
  });
}

/**
 * How memory grows, by least squares over all long lives together: one slope, each life with a level of its
 * own. Undefined when no life was long enough.
 */
export function slopeOf(
  lives: readonly (readonly Sample[])[],
  of: 'rssBytes' | 'liveBytes',
): Slope | undefined {
  const settled = lives.map(afterWarmUp).filter((samples) => samples.length > 1);
  let [above, below, lengthMs] = [0, 0, 0];
  for (const samples of settled) {
    const timeMs = mean(samples.map((sample) => sample.timeMs));
    const bytes = mean(samples.map((sample) => sample[of]));
    for (const sample of samples) {
      above += (sample.timeMs - timeMs) * (sample[of] - bytes);
      below += (sample.timeMs - timeMs) ** 2;
    }
    lengthMs += lengthOf(samples);
  }
  if (below === 0) return undefined;
  const mbPerHour = ((above / below) * hourMs) / 2 ** 20;
  return { mbPerHour, lives: settled.length, minutes: lengthMs / 60_000 };
}

export function peakMb(lives: readonly (readonly Sample[])[]): number {
  const most = (most: number, { rssBytes }: Sample): number => Math.max(most, rssBytes);
  return lives.flat().reduce(most, 0) / 2 ** 20;
}

function afterWarmUp(samples: readonly Sample[]): readonly Sample[] {
  const startMs = samples[0]?.timeMs ?? 0;
  if (lengthOf(samples) < longLifeMs) return [];
  return samples.filter(({ timeMs }) => timeMs >= startMs + warmUpMs);
}

function lengthOf(samples: readonly Sample[]): number {
  return (samples.at(-1)?.timeMs ?? 0) - (samples[0]?.timeMs ?? 0);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
}
