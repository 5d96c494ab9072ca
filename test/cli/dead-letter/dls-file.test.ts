import { appendFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { openBench, server, textsOf } from './place.ts';

const { siem, place, close } = openBench();
afterEach(close);

describe('duologsync dead-letter resend --dls', () => {
  const name = 'auth_udp_failed_ingestion_logs.txt';

  it("sends Duo Log Sync's lines as they are, goes on where it ended, and leaves the file", async () => {
    const receiver = await siem();
    const { deadLetter, folder } = await place(server('siem', receiver));
    const file = join(folder, name);
    const lines = ['{"a": 1}', '{"a": "\u00fc"}'];
    await writeFile(file, `${lines.join('\n')}\r\n\n`);
    const resend = ['resend', '--dls', file, '--to', 'siem'];
    expect((await deadLetter(...resend, '--dry-run')).out).toBe('2 would be sent to siem\n');
    const first = await deadLetter(...resend);
    expect(first).toMatchObject({ code: 0 });
    expect(first.out).toContain('2 sent and confirmed by siem\n');
    expect(first.out).toContain('remove it when you have seen its events');
    expect(textsOf(receiver)).toEqual(lines);
    expect((await deadLetter(...resend)).out).toContain('Nothing is to be sent.');
    await appendFile(file, '{"a": 3}\n');
    await deadLetter(...resend);
    expect(textsOf(receiver)).toEqual([...lines, '{"a": 3}']);
  });

  it('begins anew with another file of the same name, and with another server', async () => {
    const [one, two] = [await siem(), await siem()];
    const { deadLetter, folder } = await place(server('one', one), server('two', two));
    const file = join(folder, name);
    await writeFile(file, 'first\n');
    await deadLetter('resend', '--dls', file, '--to', 'one');
    await deadLetter('resend', '--dls', file, '--to', 'two');
    await writeFile(file, 'other\nmore\n');
    await deadLetter('resend', '--dls', file, '--to', 'one');
    expect(textsOf(one)).toEqual(['first', 'other', 'more']);
    expect(textsOf(two)).toEqual(['first']);
  });

  it('leaves a last line that is cut short, and marks nothing while the server is away', async () => {
    const receiver = await siem();
    await receiver.stop();
    const { deadLetter, folder } = await place(server('siem', receiver));
    const file = join(folder, name);
    await writeFile(file, '{"a": 1}\n{"a": "hal');
    const resend = ['resend', '--dls', file, '--to', 'siem'];
    expect((await deadLetter(...resend, '--give-up', '1')).code).toBe(75);
    await receiver.start();
    const { code, out } = await deadLetter(...resend);
    expect(code).toBe(1);
    expect(out).toContain('1 left, the last line of the file is cut short');
    expect(textsOf(receiver)).toEqual(['{"a": 1}']);
    await writeFile(file, '{"a": 1}\n{"a": "half"}');
    await deadLetter(...resend);
    expect(textsOf(receiver)).toEqual(['{"a": 1}', '{"a": "half"}']);
  });

  it('sends more than one group, and says when the file is not there', async () => {
    const receiver = await siem();
    const { deadLetter, folder } = await place(server('siem', receiver));
    const file = join(folder, name);
    const lines = Array.from({ length: 2_300 }, (_, n) => `line ${n}`);
    await writeFile(file, lines.map((line) => `${line}\n`).join(''));
    await deadLetter('resend', '--dls', file, '--to', 'siem');
    expect(textsOf(receiver)).toEqual(lines);
    const none = await deadLetter('resend', '--dls', `${file}.none`, '--to', 'siem');
    expect(none.code).toBe(66);
    expect(none.err).toContain('Correct the path');
  });
});
