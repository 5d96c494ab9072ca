import { readFile } from 'node:fs/promises';
import { expect } from 'vitest';
import { lettersPath } from '../../src/dead-letter/dead-letter.ts';
import { startTcpReceiver } from '../../src/simulator/siem.ts';
import { letter, openPlace } from '../cli/dead-letter/place.ts';
import { type Running, start, until } from '../helpers/program.ts';

/** Sends `count` letters again by the built program, which is killed -9 so many times at random. */
export async function resendWithKills(count: number, kills: number): Promise<void> {
  const receiver = await startTcpReceiver();
  const { port } = receiver;
  const more = 'max_events_per_second: 3000';
  const place = await openPlace([{ id: 'siem', protocol: 'TCP', port, endpoints: ['auth'], more }]);
  let running: Running | undefined;
  try {
    await place.putAside(letter(0));
    const [text = ''] = (await readFile(lettersPath(place.state), 'utf8')).split('\n');
    await place.write(Array.from({ length: count }, (_, n) => text.replace('line 0', `line ${n}`)));
    const command = ['dead-letter', 'resend', '-c', place.config];
    for (let killed = 0; killed < kills; killed += 1) {
      running = start(command);
      const before = receiver.received;
      const some = Math.floor((Math.random() * count) / (kills + 1));
      await until('some lines', () => receiver.received > before + some);
      await running.kill('SIGKILL');
    }
    running = start(command);
    expect(await running.ended).toBe(0);
    const arrived = new Set(receiver.lines().map((line) => line.toString()));
    const all = Array.from({ length: count }, (_, n) => `line ${n}`);
    expect(all.filter((line) => !arrived.has(line))).toEqual([]);
    expect(receiver.received).toBeLessThanOrEqual(count + kills * 1_000);
  } finally {
    await running?.kill();
    await receiver.stop();
    await place.close();
  }
}
