import { access, mkdir, readdir, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { stateDirectory } from '../../../src/checkpoint/state-directory.ts';
import { run, type RunOptions } from '../../../src/cli/commands/run.ts';
import { checkSequence } from '../../../src/simulator/check-sequence.ts';
import { startDuo } from '../../../src/simulator/duo-server.ts';
import { makeEvents } from '../../../src/simulator/history.ts';
import { defaultAccount, type DuoOptions } from '../../../src/simulator/options.ts';
import { startTcpReceiver } from '../../../src/simulator/siem.ts';
import { makeWorkplace, until } from '../../helpers/program.ts';
import { fakeIo, type FakeIo } from '../fake-io.ts';

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function place(count = 50, options: DuoOptions = {}) {
  const duo = await startDuo({ visibleDelayMs: 0, ...options });
  const siem = await startTcpReceiver();
  const { port } = siem;
  const server = { id: 'siem', protocol: 'TCP', port, endpoints: ['auth', 'activity'] } as const;
  const workplace = await makeWorkplace(duo, [server]);
  closers.push(
    () => duo.close(),
    () => siem.stop(),
    () => workplace.remove(),
  );
  duo.add('auth', makeEvents('auth', { count, fromMs: Date.now() - 3_600_000 }));
  return { duo, siem, workplace, state: stateDirectory(workplace.state, duo.hostname) };
}

/** Five events of the last moment. */
const more = () =>
  makeEvents('auth', { count: 5, fromMs: Date.now() - 10, stepMs: 1, firstSerial: 100 });

const fast = { interval: 1, rate: 6000 };

async function forward(file: string, options: RunOptions, io: FakeIo = fakeIo()) {
  const code = await run(file, { ...fast, ...options }, io);
  return { code, out: io.out(), err: io.err() };
}

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

describe('run', () => {
  it('is not ended by a SIGHUP that comes before it has started', async () => {
    const { workplace } = await place();
    const io = fakeIo();
    const running = forward(workplace.configFile, { once: true }, io);
    // Node ends a process by a SIGHUP for which nobody listens.
    expect(io.signals.listenerCount('SIGHUP')).toBe(1);
    io.signals.emit('SIGHUP');
    expect((await running).code).toBe(0);
    expect(io.signals.listenerCount('SIGHUP')).toBe(0);
  });

  it('forwards until a signal comes, saves and exits with 0', async () => {
    const { duo, siem, workplace, state } = await place();
    const io = fakeIo();
    const running = forward(workplace.configFile, {}, io);
    await until('the backlog arrives', () => siem.received >= 50);
    duo.add('auth', more());
    await until('new events arrive', () => siem.received >= 55);
    io.signals.emit('SIGTERM');
    expect((await running).code).toBe(0);
    const sent = duo.ledger('auth');
    const report = checkSequence({ sent, received: siem.lines(), format: 'json' });
    expect(report).toMatchObject({ lost: [], repeated: 0, malformed: [] });
    expect(await readdir(join(state, 'feeds'))).toHaveLength(2 + 2);
    expect(io.exits).toEqual([]);
    expect(io.signals.eventNames()).toEqual([]);
    expect(await workplace.log()).toMatch(/INFO duologsync has stopped delivered=55\n$/);
  });

  it('is turned away with 75 while another process holds the state directory', async () => {
    const { siem, workplace } = await place();
    const io = fakeIo();
    const running = forward(workplace.configFile, {}, io);
    await until('the first one runs', () => siem.received > 0);
    const second = await forward(workplace.configFile, {});
    expect(second.code).toBe(75);
    expect(second.err).toContain(`pid ${process.pid}`);
    io.signals.emit('SIGINT');
    expect((await running).code).toBe(0);
  });

  it('is turned away with 73 where its log cannot be written, and leaves no lock behind', async () => {
    const { siem, workplace } = await place();
    await mkdir(workplace.logFile);
    const { code, err } = await forward(workplace.configFile, { once: true });
    expect(code).toBe(73);
    expect(err).toContain('dls_settings.log_filepath');
    expect(siem.received).toBe(0);
    await rmdir(workplace.logFile);
    expect((await forward(workplace.configFile, { once: true })).code).toBe(0);
  });

  it('ends at once at the second signal', async () => {
    const { siem, workplace } = await place();
    siem.pause();
    const io = fakeIo();
    const running = forward(workplace.configFile, { once: true, giveUp: 4 }, io);
    await until('lines are on their way', () => siem.connections.accepted > 0);
    io.signals.emit('SIGTERM');
    io.signals.emit('SIGINT');
    expect(io.exits).toEqual([130]);
    siem.resume();
    await running;
  });

  it('exits with 73 when its folder cannot be made', async () => {
    const { workplace } = await place();
    await writeFile(workplace.state, 'a file');
    const { code, err } = await forward(workplace.configFile, {});
    expect(code).toBe(73);
    expect(err).toContain('checkpointing.directory');
  });

  it('refuses a log that the config does not map, with the one that was meant', async () => {
    const { workplace } = await place();
    const { code, err } = await forward(workplace.configFile, { only: 'auht' });
    expect(code).toBe(2);
    expect(err).toContain("Did you mean 'auth'?");
    expect((await forward(workplace.configFile, { only: 'telephony' })).code).toBe(2);
  });
});

describe('run --once', () => {
  it('exits with 0 when all is delivered, and goes on there the next time', async () => {
    const { duo, siem, workplace } = await place();
    expect((await forward(workplace.configFile, { once: true })).code).toBe(0);
    expect(siem.received).toBe(50);
    duo.add('auth', more());
    expect((await forward(workplace.configFile, { once: true })).code).toBe(0);
    const sent = duo.ledger('auth');
    expect(checkSequence({ sent, received: siem.lines(), format: 'json' })).toMatchObject({
      lost: [],
      repeated: 0,
    });
  });

  it('reads only the logs that it is told to', async () => {
    const { duo, workplace } = await place();
    await forward(workplace.configFile, { once: true, only: 'activity' });
    expect(new Set(duo.journal.map(({ endpoint }) => endpoint))).toEqual(new Set(['activity']));
  });

  it('exits with 75 when the server stays down, and loses nothing', async () => {
    const { duo, siem, workplace } = await place();
    await siem.stop();
    const first = await forward(workplace.configFile, { once: true, giveUp: 1.5 });
    expect(first.code).toBe(75);
    expect(await workplace.log()).toContain('code=once_incomplete without_progress_seconds=1.5');
    await siem.start();
    expect((await forward(workplace.configFile, { once: true })).code).toBe(0);
    const report = checkSequence({
      sent: duo.ledger('auth'),
      received: siem.lines(),
      format: 'json',
    });
    expect(report).toMatchObject({ lost: [], repeated: 0 });
  });

  it('exits with 75 when Duo refuses a log, and delivers the others', async () => {
    const account = { ...defaultAccount, permissions: ['auth'] } as const;
    const { siem, workplace } = await place(50, { accounts: [account] });
    expect((await forward(workplace.configFile, { once: true })).code).toBe(75);
    expect(siem.received).toBe(50);
  });
});

describe('run --stdout', () => {
  it('prints events and nothing else on stdout, writes no file and sends nothing', async () => {
    const { duo, siem, workplace } = await place();
    const { code, out, err } = await forward(workplace.configFile, { once: true, stdout: true });
    expect(code).toBe(0);
    const received = out.split('\n').slice(0, -1);
    const report = checkSequence({ sent: duo.ledger('auth'), received, format: 'json' });
    expect(report).toMatchObject({ lost: [], repeated: 0, malformed: [] });
    expect(err).toContain('INFO duologsync has stopped delivered=50');
    expect(siem.received).toBe(0);
    expect(await exists(workplace.state)).toBe(false);
    expect(await exists(workplace.logFile)).toBe(false);
  });

  it('looks on while another process forwards', async () => {
    const { siem, workplace } = await place();
    const io = fakeIo();
    const running = forward(workplace.configFile, {}, io);
    await until('the first one runs', () => siem.received >= 50);
    const look = await forward(workplace.configFile, { once: true, stdout: true });
    expect(look.code).toBe(0);
    expect(look.out.split('\n')).toHaveLength(51);
    expect(siem.received).toBe(50);

    io.signals.emit('SIGTERM');
    expect((await running).code).toBe(0);
  });

  it('ends quietly with 0 when its reader has enough', async () => {
    const { workplace } = await place();
    const io = fakeIo();
    const running = forward(workplace.configFile, { stdout: true }, io);
    await until('events are printed', () => io.out() !== '');
    io.stdout.emit('error', Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }));
    expect(io.exits).toEqual([0]);
    io.signals.emit('SIGTERM');
    await running;
  });
});
