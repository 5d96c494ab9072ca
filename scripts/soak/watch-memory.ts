// Loaded before the watched program (`node --expose-gc --import`): writes what it holds, after a collection.
import { appendFileSync } from 'node:fs';

const { DUOLOGSYNC_SOAK_MEMORY: file } = process.env;
// Often enough for a line through the points, and seldom enough to cost next to nothing.
const eachMs = 5_000;

if (file !== undefined) {
  const note = (): void => {
    globalThis.gc?.();
    const { rss, heapUsed, external } = process.memoryUsage();
    appendFileSync(file, `${Date.now()},${rss},${heapUsed + external}\n`);
  };
  note();
  setInterval(note, eachMs).unref();
}
