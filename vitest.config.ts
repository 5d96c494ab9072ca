import { defineConfig } from 'vitest/config';

// Two suites: `npm test` takes *.test.ts, `npm run test:long` takes *.long.ts.
const long = process.env['DUOLOGSYNC_SUITE'] === 'long';

export default defineConfig({
  test: {
    include: [long ? 'test/**/*.long.ts' : 'test/**/*.test.ts'],
    pool: 'forks',
    // Most tests wait for sockets and disks: a worker for every processor, not one less.
    maxWorkers: '100%',
    testTimeout: long ? 600_000 : 30_000,
    hookTimeout: long ? 600_000 : 60_000,
    globals: false,
  },
});
