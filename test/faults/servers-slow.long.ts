import { readFile } from 'node:fs/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { checkSequence, type SequenceReport } from '../../src/simulator/check-sequence.ts';
import { startDuo } from '../../src/simulator/duo-server.ts';
import { makeEvents } from '../../src/simulator/history.ts';
import { startTcpReceiver } from '../../src/simulator/siem.ts';
import { forward, makeWorkplace, until } from '../helpers/program.ts';

const events = 16_000;

/** Bytes of memory that a process occupies. */
async function residentBytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) * 1024;
}

/** In MiB; the highest value would be that of a moment just before V8 cleared up. */
function median(bytes: readonly number[]): number {
  return (bytes.toSorted((a, b) => a - b)[bytes.length >> 1] ?? NaN) / 2 ** 20;
}

// The kernel tells a process's memory in /proc; test/sinks/faults.test.ts counts the sink's buffers everywhere.
describe.runIf(process.platform === 'linux')('A server that reads 250 kB a second', () => {
  it('while 20 MB wait for it does not make the memory grow, and gets every event', async () => {
    const duo = await startDuo({ visibleDelayMs: 0 });
    onTestFinished(() => duo.close());
    const siem = await startTcpReceiver({ behaviour: { readBytesPerSecond: 250_000 } });
    onTestFinished(() => siem.stop());
    const server = { id: 'siem', protocol: 'TCP', port: siem.port, endpoints: ['auth'] } as const;
    const workplace = await makeWorkplace(duo, [server]);
    onTestFinished(() => workplace.remove());
    duo.add('auth', makeEvents('auth', { count: events, fromMs: Date.now() - 9e7 }));
    const report = (): SequenceReport =>
      checkSequence({ sent: duo.ledger('auth'), received: siem.lines(), format: 'json' });
    const program = forward(workplace);
    onTestFinished(async () => void (await program.kill('SIGKILL')));
    await until('the first lines', () => siem.received > 200, 60_000);
    const memory: number[] = [];
    for (let second = 0; second < 40; second += 1) {
      await new Promise((resolve) => setTimeout(resolve, 1_000));
      memory.push(await residentBytes(program.process.pid ?? 0));
    }
    const [early, late] = [median(memory.slice(0, 20)), median(memory.slice(20))];
    expect(siem.received).toBeLessThan(events * 0.8);
    delete siem.behaviour.readBytesPerSecond;
    const isThere = (): boolean => siem.received >= events && report().lost.length === 0;
    await until('all events', isThere, 180_000);
    expect(await program.kill('SIGTERM')).toBe(0);
    const { repeated, malformed, unknown } = report();
    console.log(
      `memory around ${early.toFixed()} MiB, then ${late.toFixed()} MiB; repeated ${repeated}`,
    );
    expect(late - early).toBeLessThan(20);
    expect({ malformed, unknown }).toEqual({ malformed: [], unknown: [] });
    // Nothing fails, because progress is seen; a try that failed would go again by halves.
    expect(repeated).toBeLessThanOrEqual(2_000);
  });
});
