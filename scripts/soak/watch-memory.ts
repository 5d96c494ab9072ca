// Loaded before the watched program (`node --import`): writes what it holds each second.
import { appendFileSync } from 'node:fs';

const { DUOLOGSYNC_SOAK_MEMORY: file } = process.env;
const eachMs = 1_000;

if (file !== undefined) {
  const note = (): void => {
    appendFileSync(file, `${Date.now()},${process.memoryUsage.rss()}\n`);
  };
  note();
  setInterval(note, eachMs).unref();
}
