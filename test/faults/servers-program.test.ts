import { describe, expect, it, onTestFinished } from 'vitest';
import { checkSequence, type SequenceReport } from '../../src/simulator/check-sequence.ts';
import { startDuo } from '../../src/simulator/duo-server.ts';
import { makeEvents } from '../../src/simulator/history.ts';
import { startTcpReceiver, type StreamReceiver } from '../../src/simulator/siem.ts';
import { forward, makeWorkplace, stoppedGently, until } from '../helpers/program.ts';

const once = { lost: [], repeated: 0, malformed: [], torn: 0, unknown: [] };

describe('One of two servers', () => {
  it('is down from the start: the other gets everything meanwhile, and it gets everything once when it is up', async () => {
    const duo = await startDuo({ visibleDelayMs: 0 });
    onTestFinished(() => duo.close());
    const [up, down] = await Promise.all([startTcpReceiver(), startTcpReceiver()]);
    onTestFinished(async () => void (await Promise.all([up.stop(), down.stop()])));
    await down.stop();
    const server = { protocol: 'TCP', endpoints: ['auth', 'telephony'] } as const;
    const workplace = await makeWorkplace(duo, [
      { ...server, id: 'up', port: up.port },
      { ...server, id: 'down', port: down.port },
    ]);
    onTestFinished(() => workplace.remove());
    duo.add('auth', makeEvents('auth', { count: 1_500, fromMs: Date.now() - 9e6, letter: 'a' }));
    const more = { count: 500, fromMs: Date.now() - 9e6, letter: 't' };
    duo.add('telephony', makeEvents('telephony', more));
    const report = (siem: StreamReceiver): SequenceReport => {
      const sent = [...duo.ledger('auth'), ...duo.ledger('telephony')];
      return checkSequence({ sent, received: siem.lines(), format: 'json' });
    };
    const program = forward(workplace);
    onTestFinished(async () => void (await program.kill('SIGKILL')));
    await until('all at the server that is up', () => report(up).lost.length === 0, 60_000);
    await until('the trouble of the other', async () =>
      /server=down code=server_refused/.test(await workplace.log()),
    );
    expect(down.received).toBe(0);
    await down.start();
    await until('all at the other', () => report(down).lost.length === 0, 60_000);
    expect(await program.kill('SIGTERM')).toBe(stoppedGently);
    expect(report(up)).toMatchObject(once);
    expect(report(down)).toMatchObject(once);
    expect(await workplace.log()).not.toMatch(/server=up code=/);
  });
});
