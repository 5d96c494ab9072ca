import { afterEach, describe, expect, it } from 'vitest';
import { openBench, server } from '../dead-letter/place.ts';

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
    expect((await deadLetter('list', '--show', 'none')).code).toBe(2);
  });
});
