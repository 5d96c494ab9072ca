/** What one size cost. */
export interface ScaleFigures {
  readonly feeds: number;
  readonly children: number;
  readonly logs: number;
  readonly roundSeconds: number;
  readonly cpuMsPerPoll: number;
  readonly peakMb: number;
  readonly delivered: number;
}

export function scaleTable(figures: readonly ScaleFigures[]): string {
  const head = '| feeds | children × logs | first round | CPU per idle poll | peak memory |';
  const rows = figures.map(
    ({ feeds, children, logs, roundSeconds, cpuMsPerPoll, peakMb }) =>
      `| ${feeds.toLocaleString('en-US')} | ${children} × ${logs} | ${roundSeconds.toFixed(1)} s | ` +
      `${cpuMsPerPoll.toFixed(2)} ms | ${peakMb} MB |`,
  );
  return [head, '|---:|---:|---:|---:|---:|', ...rows].join('\n');
}

const width = 640;
const height = 300;
const left = 60;
const right = 60;
const top = 30;
const bottom = 50;

/** Round length and peak memory over the number of feeds, both axes logarithmic. */
export function scalePlot(figures: readonly ScaleFigures[]): string {
  const x = (feeds: number): number =>
    left + ((Math.log10(feeds) - 1) / 3) * (width - left - right);
  const y = (value: number): number =>
    height - bottom - (Math.log10(Math.max(0.1, value)) + 1) * ((height - top - bottom) / 4);
  const line = (of: (one: ScaleFigures) => number, colour: string): string => {
    const points = figures.map((one) => `${x(one.feeds).toFixed(1)},${y(of(one)).toFixed(1)}`);
    const dots = points.map((point) => {
      const [cx = '', cy = ''] = point.split(',');
      return `<circle cx="${cx}" cy="${cy}" r="3" fill="${colour}"/>`;
    });
    const path = `<polyline fill="none" stroke="${colour}" stroke-width="2" points="${points.join(' ')}"/>`;
    return path + dots.join('');
  };
  const grid = [0.1, 1, 10, 100, 1000].map((value) => {
    const at = y(value).toFixed(1);
    return (
      `<line x1="${left}" x2="${width - right}" y1="${at}" y2="${at}" stroke="#ccc"/>` +
      `<text x="${left - 8}" y="${at}" text-anchor="end" dominant-baseline="middle">${value}</text>`
    );
  });
  const ticks = [10, 100, 1000, 10_000].map(
    (feeds) =>
      `<text x="${x(feeds).toFixed(1)}" y="${height - bottom + 18}" text-anchor="middle">` +
      `${feeds.toLocaleString('en-US')}</text>`,
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12">`,
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    ...grid,
    ...ticks,
    `<text x="${width / 2}" y="${height - 12}" text-anchor="middle">feeds</text>`,
    line(({ roundSeconds }) => roundSeconds, '#06c'),
    line(({ peakMb }) => peakMb, '#c60'),
    `<text x="${left + 10}" y="${top - 10}" fill="#06c">first round, seconds (answers of 200 ms)</text>`,
    `<text x="${left + 290}" y="${top - 10}" fill="#c60">peak memory, MB</text>`,
    '</svg>',
    '',
  ].join('\n');
}
