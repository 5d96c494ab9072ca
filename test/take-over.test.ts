import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openFileStore } from '../src/checkpoint/file-store.ts';
import { begin } from '../src/engine/window.ts';
import { createTakeOver } from '../src/take-over.ts';
import { bench, never } from './engine/parts.ts';

let old: string;
let state: string;
beforeEach(async () => {
  old = await mkdtemp(join(tmpdir(), 'duologsync-dls-'));
  state = await mkdtemp(join(tmpdir(), 'duologsync-state-'));
});
afterEach(async () => {
  for (const folder of [old, state]) await rm(folder, { recursive: true, force: true });
});

function place() {
  const parts = bench();
  const { clock, log, duo: api } = parts;
  const files = openFileStore({
    directory: state,
    configuredServerIds: ['a', 'b'],
    clock,
    log,
  });
  const takeOver = createTakeOver({ files, directories: [old], api: () => api, log });
  return { ...parts, files, takeOver };
}

describe("taking over Duo Log Sync's checkpoint", () => {
  it('hands every feed of the endpoint the same place, asked for once', async () => {
    const { duo, clock, feed, files, takeOver } = place();
    duo.add(3, clock.startMs - 60_000);
    const timeMs = clock.startMs - 58_000;
    // Written one millisecond later than the row, as DLS does.
    await writeFile(join(old, 'auth_checkpoint_data.txt'), `"${timeMs + 1},t2"\n`);
    const [a, b] = [feed('a'), feed('b')];
    const first = await takeOver(a, never);
    expect(first).toEqual({
      positionMs: timeMs,
      positionId: 't2',
      proven: true,
      file: join(old, 'auth_checkpoint_data.txt'),
    });
    // The first feed has its own checkpoint by now; for the second it is still the first start.
    await files.save(a.identity, { cursor: begin(timeMs) });
    expect(await takeOver(b, never)).toEqual(first);
    expect(duo.asked).toHaveLength(1);
  });

  it('does not happen once any feed of the endpoint has a checkpoint of its own', async () => {
    const { clock, feed, files, takeOver } = place();
    await writeFile(join(old, 'auth_checkpoint_data.txt'), `"${clock.startMs},t0"\n`);
    const cursor = { ...begin(clock.startMs), readToMs: clock.startMs + 1 };
    await files.save(feed('a').identity, { cursor });
    expect(await takeOver(feed('b'), never)).toBeUndefined();
  });

  it('still happens for the second feed when a kill came between the first saves of both', async () => {
    const { clock, duo, feed, files, takeOver } = place();
    duo.add(3, clock.startMs - 60_000);
    const timeMs = clock.startMs - 58_000;
    await writeFile(join(old, 'auth_checkpoint_data.txt'), `"${timeMs + 1},t2"\n`);
    await files.save(feed('a').identity, { cursor: begin(timeMs, { id: 't2' }) });
    expect(await takeOver(feed('b'), never)).toMatchObject({ positionMs: timeMs, proven: true });
  });

  it('takes the earliest reading, and says so, when Duo proves none', async () => {
    const { clock, feed, takeOver } = place();
    const timeMs = clock.startMs - 60_000;
    await writeFile(join(old, 'auth_checkpoint_data.txt'), `"${timeMs + 1},gone"\n`);
    const found = await takeOver(feed('a'), never);
    expect(found?.proven).toBe(false);
    expect(found?.positionMs).toBeLessThanOrEqual(timeMs);
  });

  it('asks Duo for nothing that is older than Duo serves, and takes a refusal for a no', async () => {
    const { clock, duo, feed, takeOver } = place();
    const file = join(old, 'auth_checkpoint_data.txt');
    await writeFile(file, `"${clock.startMs - 190 * 86_400_000},t0"\n`);
    expect(await takeOver(feed('a'), never)).toMatchObject({ proven: false });
    expect(duo.asked).toEqual([]);
    const next = place();
    await writeFile(file, `"${next.clock.startMs - 1000},t0"\n`);
    next.duo.fault = () => 'duo_bad_request';
    expect(await next.takeOver(next.feed('a'), never)).toMatchObject({ proven: false });
  });

  it('is tried again when Duo did not answer, and nothing is made up meanwhile', async () => {
    const { clock, duo, feed, takeOver } = place();
    duo.add(1, clock.startMs - 60_000);
    await writeFile(join(old, 'auth_checkpoint_data.txt'), `"${clock.startMs - 59_999},t0"\n`);
    duo.fault = (call) => (call === 1 ? 'duo_timeout' : undefined);
    await expect(takeOver(feed('a'), never)).rejects.toMatchObject({ code: 'duo_timeout' });
    expect(await takeOver(feed('a'), never)).toMatchObject({ proven: true });
  });

  it('tells of a file that it cannot read, and goes on without', async () => {
    const { feed, said, takeOver } = place();
    await writeFile(join(old, 'auth_checkpoint_data.txt'), 'what is this');
    expect(await takeOver(feed('a'), never)).toBeUndefined();
    expect(said).toMatchObject([
      { level: 'warn', fields: { reason: expect.any(String) as string } },
    ]);
  });

  it("counts for a child's auth and adminaction; DLS's other files under MSP were the parent's rows", async () => {
    const { clock, feed, takeOver } = place();
    const seconds = Math.floor(clock.startMs / 1000) - 60;
    const own = feed('a');
    const of = (endpoint: string) => {
      const identity = { ...own.identity, accountId: 'DA1', endpoint };
      const account = { id: 'DA1', name: 'one', apiHost: 'one.test' };
      return { ...own, account, endpointName: endpoint, identity };
    };
    for (const name of ['auth', 'adminaction', 'activity', 'telephony', 'trustmonitor']) {
      await writeFile(join(old, `${name}_checkpoint_data_DA1.txt`), `${seconds}`);
      await writeFile(join(old, `${name}_checkpoint_data.txt`), `${seconds - 1000}`);
    }
    const begins = { positionMs: (seconds - 1) * 1000 };
    expect(await takeOver(of('auth'), never)).toMatchObject(begins);
    expect(await takeOver(of('adminaction'), never)).toMatchObject(begins);
    for (const name of ['activity', 'telephony', 'trustmonitor'])
      expect(await takeOver(of(name), never)).toBeUndefined();
  });

  it('names once the events that Duo Log Sync put into a file, with the command that sends them', async () => {
    const { feed, said, files, clock, duo: api, log } = place();
    const file = join(old, 'auth_udp_failed_ingestion_logs.txt');
    await writeFile(file, '{"a": 1}\n');
    await writeFile(join(old, 'activity_udp_failed_ingestion_logs.txt'), '');
    const options = {
      files,
      directories: [old],
      api: () => api,
      log,
      configFile: '/etc/config.yml',
    };
    const takeOver = createTakeOver(options);
    const [a, b] = [feed('a'), feed('b')];
    for (const one of [a, b]) await takeOver(one, never);
    expect(said).toEqual([
      {
        level: 'warn',
        sentence: 'Duo Log Sync left events in a file that it could not send',
        fields: {
          file,
          bytes: 9,
          hint: `Send them: duologsync dead-letter resend --dls "${file}" --to "a" -c /etc/config.yml`,
        },
      },
    ]);
    // At the next start the feed has a checkpoint, and the file was named.
    const cursor = { ...begin(clock.startMs), readToMs: clock.startMs + 1 };
    await files.save(a.identity, { cursor });
    await createTakeOver(options)(b, never);
    expect(said).toHaveLength(1);
  });

  it("only reads DLS's files", async () => {
    const { clock, feed, takeOver } = place();
    const text = `["${clock.startMs - 1000}", "t0"]`;
    await writeFile(join(old, 'auth_checkpoint_data.txt'), text);
    await takeOver(feed('a'), never);
    expect(await readdir(old)).toEqual(['auth_checkpoint_data.txt']);
    expect(await readFile(join(old, 'auth_checkpoint_data.txt'), 'utf8')).toBe(text);
  });

  it('does not happen where nothing is remembered', async () => {
    const { clock, duo: api, feed, log } = place();
    await writeFile(join(old, 'auth_checkpoint_data.txt'), `["${clock.startMs}", "t0"]`);
    const takeOver = createTakeOver({ files: undefined, directories: [old], api: () => api, log });
    expect(await takeOver(feed('a'), never)).toBeUndefined();
  });
});
