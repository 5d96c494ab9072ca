// Loaded before the measured program (`node --import`): writes what it used when it ends.
import { readFileSync, writeFileSync } from 'node:fs';

const { DUOLOGSYNC_BENCH_FILE: file } = process.env;
const started = process.hrtime.bigint();

process.on('exit', () => {
  if (file === undefined) return;
  const { user, system } = process.cpuUsage();
  const wallMs = Number(process.hrtime.bigint() - started) / 1e6;
  writeFileSync(
    file,
    JSON.stringify({ cpuMs: (user + system) / 1000, wallMs, maxRssKb: peakKb() }),
  );
});

function peakKb(): number {
  // On Linux maxRSS counts what the parent had when it started us (getrusage(2)); VmHWM is ours alone.
  const own = process.platform === 'linux' ? readFileSync('/proc/self/status', 'utf8') : '';
  const peak = /^VmHWM:\s*(\d+) kB$/m.exec(own)?.[1];
  // Kilobytes on every platform (Node doc, process.resourceUsage).
  return peak === undefined ? process.resourceUsage().maxRSS : Number(peak);
}
