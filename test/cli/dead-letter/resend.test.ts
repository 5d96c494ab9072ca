import { appendFile, readFile, rm, writeFile } from 'node:fs/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { lettersPath } from '../../../src/dead-letter/dead-letter.ts';
import { resentPath } from '../../../src/dead-letter/resent.ts';
import { letter, openBench, server, textsOf } from './place.ts';

const { siem, udpSiem, place, close } = openBench();
afterEach(close);

describe('duologsync dead-letter resend', () => {
  it('sends refused lines as they are to their own server, once', async () => {
    const receiver = await siem();
    const { putAside, deadLetter } = await place(server('siem', receiver));
    await putAside(letter(1), letter(2));
    expect(await deadLetter('resend')).toMatchObject({
      code: 0,
      out: '2 sent and confirmed by siem\n',
    });
    expect(textsOf(receiver)).toEqual(['line 1', 'line 2']);
    expect(await deadLetter('resend')).toMatchObject({ code: 0, out: 'Nothing is to be sent.\n' });
    expect(receiver.received).toBe(2);
  });

  it('sends what was too long for a datagram to a TCP server, formatted as that one wants it', async () => {
    const [udp, tcp] = [await udpSiem(), await siem()];
    const { putAside, deadLetter } = await place(
      server('udp', udp, { protocol: 'UDP' }),
      server('tcp', tcp, { format: 'CEF' }),
    );
    const more = { serverId: 'udp', feedId: 'auth > udp', reason: 'oversize' };
    const long = letter(1, { ...more, line: Buffer.alloc(70_000, 'x') });
    await putAside(long, letter(2, { ...more, line: Buffer.from('short') }));
    const own = await deadLetter('resend');
    expect(own.code).toBe(1);
    expect(own.out).toBe(
      '1 sent and confirmed by udp\n1 left, too long for a datagram to udp: name a TCP or TLS server by --to\n',
    );
    expect(textsOf(udp)).toEqual(['short']);
    expect(await deadLetter('resend', '--to', 'tcp')).toMatchObject({ code: 0 });
    expect(textsOf(tcp)).toHaveLength(1);
    expect(textsOf(tcp)[0]).toMatch(/CEF:0\|Duo Security\|/);
    expect((await deadLetter('list')).out).toBe('No dead letter waits.\n');
  });

  it('leaves what belongs to an archive, which only the program itself writes', async () => {
    const receiver = await siem();
    const archive = { id: 'files', protocol: 'FILE', directory: '/nowhere/duo' } as const;
    const { putAside, deadLetter } = await place(
      { ...archive, endpoints: ['auth'] },
      server('siem', receiver),
    );
    await putAside(letter(1, { serverId: 'files', feedId: 'auth > files' }));
    const own = await deadLetter('resend');
    expect(own.code).toBe(1);
    expect(own.out).toContain('only the program itself writes the archive files');
    expect((await deadLetter('resend', '--to', 'files')).err).toContain('name another server');
    expect(await deadLetter('resend', '--to', 'siem')).toMatchObject({ code: 0 });
    expect(textsOf(receiver)).toHaveLength(1);
  });

  it('formats anew what no line could be made of, and leaves with its reason what still fails', async () => {
    const receiver = await siem();
    const { putAside, deadLetter } = await place(server('siem', receiver));
    const { line: _, ...unformatted } = letter(1, { reason: 'unformattable' });
    const { line: __, row: ___, ...lost } = letter(3, { reason: 'unformattable' });
    await putAside(unformatted, { ...unformatted, eventId: 'odd', endpoint: 'gone' }, lost);
    const { code, out } = await deadLetter('resend');
    expect(code).toBe(1);
    expect(out).toContain('1 sent and confirmed by siem');
    expect(out).toContain('1 left, this version knows no log gone');
    expect(out).toContain('1 left, their rows were not kept');
    expect(textsOf(receiver)).toEqual([
      '{"txid": "event-1", "isotimestamp": "2026-01-01T00:00:00+00:00", "eventtype": "authentication", "host": "api-1.duosecurity.com"}',
    ]);
  });

  it('sends only what is asked for, and with --dry-run nothing', async () => {
    const receiver = await siem();
    const { putAside, deadLetter, state } = await place(server('siem', receiver));
    const activity = { feedId: 'activity > siem', endpoint: 'activity' };
    await putAside(
      letter(1),
      letter(2, { reason: 'oversize' }),
      letter(3, activity),
      letter(4, { serverId: 'gone' }),
    );
    const dry = await deadLetter('resend', '--dry-run');
    expect(dry.out).toContain('3 would be sent to siem\n');
    expect(dry.out).toContain('1 left, the config has no server gone any more');
    expect(receiver.received).toBe(0);
    await deadLetter('resend', '--reason', 'oversize');
    await deadLetter('resend', '--feed', 'activity > siem');
    await deadLetter('resend', '--id', 'event-4', '--to', 'siem');
    await deadLetter('resend', '--feed', 'auth', '--id', 'nothing');
    expect(textsOf(receiver).map((text) => text.slice(0, 17))).toEqual([
      'line 2',
      'line 3',
      '{"txid": "event-4',
    ]);
    expect(await readFile(lettersPath(state), 'utf8')).toContain('event-4');
  });

  it('marks nothing that is not confirmed: the server was away, and later gets all', async () => {
    const receiver = await siem();
    await receiver.stop();
    const { putAside, deadLetter, state } = await place(server('siem', receiver));
    await putAside(letter(1), letter(2));
    const away = await deadLetter('resend', '--give-up', '1');
    expect(away.code).toBe(75);
    expect(away.err).toContain('siem confirmed nothing for 1 s');
    expect(away.err).toContain('Run the same command again');
    await expect(readFile(resentPath(state))).rejects.toMatchObject({ code: 'ENOENT' });
    await receiver.start();
    expect((await deadLetter('resend')).code).toBe(0);
    expect(textsOf(receiver)).toEqual(['line 1', 'line 2']);
  });

  it('sends to every other server although one is away', async () => {
    const [here, away] = [await siem(), await siem()];
    await away.stop();
    const { putAside, deadLetter } = await place(server('siem', here), server('away', away));
    await putAside(letter(1), letter(2, { serverId: 'away', feedId: 'auth > away' }));
    const { code, out } = await deadLetter('resend', '--give-up', '1');
    expect(code).toBe(75);
    expect(out).toContain('1 sent and confirmed by siem');
    await away.start();
    expect((await deadLetter('resend')).out).toBe('1 sent and confirmed by away\n');
    expect(here.received).toBe(1);
  });

  it('sends the same event once that a crash has put aside twice', async () => {
    const receiver = await siem();
    const { putAside, deadLetter } = await place(server('siem', receiver));
    await putAside(letter(1));
    await putAside(letter(1));
    expect((await deadLetter('resend')).out).toBe('1 sent and confirmed by siem\n');
    await putAside();
    expect((await deadLetter('list')).out).toBe('No dead letter waits.\n');
  });

  it('goes on with thousands, in order, and forgets what the program has removed', async () => {
    const receiver = await siem();
    const { putAside, deadLetter, state, write } = await place(server('siem', receiver));
    const path = lettersPath(state);
    await putAside(letter(0));
    const [text = ''] = (await readFile(path, 'utf8')).split('\n');
    await write(Array.from({ length: 2_500 }, (_, n) => text.replace('line 0', `line ${n}`)));
    expect((await deadLetter('resend')).out).toBe('2500 sent and confirmed by siem\n');
    expect(textsOf(receiver)).toEqual(Array.from({ length: 2_500 }, (_, n) => `line ${n}`));
    await rm(path);
    await putAside(letter(9_999));
    await deadLetter('resend');
    expect(JSON.parse(await readFile(resentPath(state), 'utf8'))).toMatchObject({
      letters: [expect.any(String)],
    });
  });

  it('says that a damaged line is left, and sends the others', async () => {
    const receiver = await siem();
    const { putAside, deadLetter, state } = await place(server('siem', receiver));
    await putAside(letter(1));
    await appendFile(lettersPath(state), 'damaged\n{"half');
    const { code, out } = await deadLetter('resend');
    expect(code).toBe(1);
    expect(out).toBe('1 sent and confirmed by siem\n1 left, their lines in the file are damaged\n');
  });

  it('does not guess what was sent when its own file is damaged', async () => {
    const receiver = await siem();
    const { putAside, deadLetter, state } = await place(server('siem', receiver));
    await putAside(letter(1));
    await writeFile(resentPath(state), '{');
    const { code, err } = await deadLetter('resend');
    expect(code).toBe(73);
    expect(err).toContain('Move that file away');
    expect(receiver.received).toBe(0);
  });
});
