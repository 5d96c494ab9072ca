import { describe, expect, it } from 'vitest';
import { startDuo } from '../../../src/simulator/duo-server.ts';
import { makeEvents } from '../../../src/simulator/history.ts';
import { forward, makeWorkplace, until } from '../../helpers/program.ts';

describe('run --stdout, piped into a reader', () => {
  it('ends quietly with 0 when the reader leaves, as with `| head`', async () => {
    const duo = await startDuo({ visibleDelayMs: 0 });
    const server = { id: 'siem', protocol: 'TCP', port: 1, endpoints: ['auth'] } as const;
    const workplace = await makeWorkplace(duo, [server]);
    let serial = 1;
    const add = (): void => {
      const one = { count: 20, fromMs: Date.now() - 60, stepMs: 1, firstSerial: serial };
      duo.add('auth', makeEvents('auth', one));
      serial += 20;
    };
    add();
    const program = forward(workplace, '--stdout');
    const again = setInterval(add, 200);
    try {
      await until('events are printed', () => program.stdout() !== '');
      program.process.stdout?.destroy();
      expect(await program.ended).toBe(0);
      expect(program.stderr()).not.toMatch(/EPIPE|Error|at .*:\d+:\d+/);
    } finally {
      clearInterval(again);
      await program.kill();
      await duo.close();
      await workplace.remove();
    }
  });
});
