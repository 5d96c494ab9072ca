import { describe, expect, it } from 'vitest';
import { TornLines } from '../../src/simulator/torn-lines.ts';

const lines = ['{"user":"u00000001","n":1}', '{"user":"u00000002","n":22}'];

describe('a line cut in half', () => {
  it('is known by the whole one that it is the beginning of', () => {
    const torn = new TornLines(lines, 'json');
    for (const cut of ['{', '{"user":"u00000002"', '{"user":"u00000001","n":']) {
      expect(torn.has(cut)).toBe(true);
    }
  });

  it('is no beginning when it is all of the line, or of none', () => {
    const torn = new TornLines(lines, 'json');
    for (const line of lines) expect(torn.has(line)).toBe(false);
    for (const other of ['{"user":"u00000003"', '00002","n":22}', '']) {
      expect(torn.has(other)).toBe(false);
    }
  });

  it('is no well-formed JSON; a CEF line may be', () => {
    const cuts = lines.map((line) => line.slice(0, -1));
    const json = new TornLines([...cuts, ...lines], 'json');
    expect(cuts.map((cut) => json.serialOf(cut))).toEqual([undefined, undefined]);
    expect(lines.map((line) => json.serialOf(line))).toEqual(['u00000001', 'u00000002']);
    const cef = 'CEF:0|v|p|1|c|n|5|duser=u00000001 msg=all';
    const cut = `Jan 01 00:00:01 here ${cef.slice(0, -3)}`;
    const torn = new TornLines([cut, `Jan 01 00:00:09 here ${cef}`], 'cef');
    expect(torn.serialOf(cut)).toBe('u00000001');
    expect(torn.has(cut)).toBe(true);
    expect(torn.has('Jan 01 00:00:01 he')).toBe(true);
    expect(torn.has('Feb 01 00:00:01 there')).toBe(false);
  });
});
