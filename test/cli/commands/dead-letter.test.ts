import { afterEach, describe, expect, it } from 'vitest';
import { letter, openBench, server } from '../dead-letter/place.ts';

const { siem, place, close } = openBench();
afterEach(close);

describe('duologsync dead-letter', () => {
  it('tells wrong use with the remedy', async () => {
    const receiver = await siem();
    const { deadLetter } = await place(server('siem', receiver));
    const { code, err } = await deadLetter('resend', '--to', 'sien');
    expect(code).toBe(2);
    expect(err).toContain("--to sien: the config has no such server. Did you mean 'siem'?");
    expect((await deadLetter('resend', '--dls', 'file')).err).toContain('--dls needs --to');
    const both = ['resend', '--dls', 'file', '--to', 'siem', '--id', 'x'];
    expect((await deadLetter(...both)).code).toBe(2);
    expect((await deadLetter('resend')).out).toBe('Nothing is to be sent.\n');
  });

  it('names a reason, a feed or an id that there is not, and sends nothing', async () => {
    const receiver = await siem();
    const { deadLetter, putAside, config } = await place(server('siem', receiver));
    const wrong = async (...argv: readonly string[]): Promise<string> => {
      const { code, out, err } = await deadLetter(...argv);
      expect({ code, out }).toEqual({ code: 2, out: '' });
      return err;
    };
    const noLetter = `duologsync: no dead letter 'none'. The ids: duologsync dead-letter list -c ${config}\n`;
    expect(await wrong('resend', '--feed', 'foo')).toBe(
      "duologsync: no dead letter of the feed 'foo'; there is none at all\n",
    );
    // Those that the config has are no mistake.
    for (const feed of ['auth', 'auth > siem', 'auth DA1 > siem'])
      expect((await deadLetter('resend', '--feed', feed)).out).toBe('Nothing is to be sent.\n');
    expect(await wrong('resend', '--feed', 'auth > other')).toContain("of the feed 'auth > other'");
    expect(await wrong('resend', '--id', 'none')).toBe(noLetter);
    await putAside(letter(1), letter(2, { feedId: 'activity > siem', endpoint: 'activity' }));
    expect(await wrong('resend', '--feed', 'foo')).toBe(
      "duologsync: no dead letter of the feed 'foo'; there are: auth > siem, activity > siem\n",
    );
    expect(await wrong('resend', '--id', 'event-1,none')).toBe(noLetter);
    expect(await wrong('list', '--show', 'none')).toBe(noLetter);
    expect(await wrong('resend', '--reason', 'foo')).toContain(
      'It must be oversize, unformattable or refused.',
    );
    expect(receiver.received).toBe(0);
  });

  it('takes a letter that was sent already, and a comma at the end, for no mistake', async () => {
    const receiver = await siem();
    const { deadLetter, putAside } = await place(server('siem', receiver));
    await putAside(letter(1));
    expect(await deadLetter('resend', '--id', 'event-1,')).toMatchObject({ code: 0 });
    for (const argv of [
      ['--id', 'event-1'],
      ['--feed', 'auth'],
      ['--reason', 'oversize'],
    ]) {
      expect(await deadLetter('resend', ...argv)).toMatchObject({
        code: 0,
        out: 'Nothing is to be sent.\n',
      });
    }
    expect(receiver.received).toBe(1);
  });

  it('names some feeds where there are many', async () => {
    const { deadLetter, putAside } = await place(server('siem', await siem()));
    await putAside(...Array.from({ length: 12 }, (_, n) => letter(n, { feedId: `f${n} > siem` })));
    const { err } = await deadLetter('resend', '--feed', 'foo');
    expect(err).toContain('f0 > siem, ');
    expect(err).toContain('f9 > siem and 2 more\n');
  });
});
