// Loaded before the measured program (`node --import`): writes what it used when it ends.
import { writeFileSync } from 'node:fs';

const { DUOLOGSYNC_BENCH_FILE: file } = process.env;
const started = process.hrtime.bigint();

process.on('exit', () => {
  if (file === undefined) return;
  const { user, system } = process.cpuUsage();
  const wallMs = Number(process.hrtime.bigint() - started) / 1e6;
  // Kilobytes on every platform (Node doc, process.resourceUsage).
  const { maxRSS } = process.resourceUsage();
  writeFileSync(file, JSON.stringify({ cpuMs: (user + system) / 1000, wallMs, maxRssKb: maxRSS }));
});
