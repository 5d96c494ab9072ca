import { afterEach, describe, expect, it } from 'vitest';
import { letter, openBench, server } from './place.ts';

const { place, close } = openBench();
afterEach(close);

describe('duologsync dead-letter list', () => {
  it('counts by feed and reason with an example, says what to do, and shows no event', async () => {
    const { putAside, deadLetter, config } = await place(server('siem', { port: 9 }));
    expect((await deadLetter('list')).out).toBe('No dead letter waits.\n');
    await putAside(letter(1), letter(5), letter(3, { reason: 'oversize' }));
    const { code, out } = await deadLetter('list');
    expect(code).toBe(0);
    const [head, refused, oversize] = out.split('\n');
    expect(head).toMatch(/^FEED +REASON +COUNT +FIRST EVENT +LAST EVENT +EXAMPLE$/);
    expect(refused).toMatch(
      /^auth > siem {2}refused {3}2 +2026-01-01T00:00:01.000Z {2}2026-01-01T00:00:05.000Z {2}[0-9a-f]{16}$/,
    );
    expect(oversize).toMatch(/^auth > siem {2}oversize {2}1 /);
    expect(out).toContain('oversize: too long for a UDP datagram.');
    expect(out).toContain(` -c ${config}`);
    expect(out).not.toContain('event-');
    expect(out).not.toContain('line ');
  });

  it('shows one with its event to whoever asks for it by its id, and prints JSON', async () => {
    const { putAside, deadLetter } = await place(server('siem', { port: 9 }));
    await putAside(letter(1), letter(2));
    const listed = JSON.parse((await deadLetter('list', '--json')).out) as {
      letters: { example: string }[];
    };
    expect(listed).toMatchObject({
      schema_version: 1,
      damaged: 0,
      letters: [
        { feed: 'auth > siem', endpoint: 'auth', account: null, reason: 'refused', count: 2 },
      ],
    });
    const example = listed.letters[0]?.example.slice(0, 8) ?? '';
    for (const id of [example, 'event-1']) {
      const shown = await deadLetter('list', '--show', id);
      expect(JSON.parse(shown.out)).toMatchObject({
        eventId: 'event-1',
        line: 'line 1',
        row: expect.stringContaining('"txid":"event-1"') as string,
      });
    }
  });
});
