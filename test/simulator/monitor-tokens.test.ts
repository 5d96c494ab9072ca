import { describe, expect, it } from 'vitest';
import { createTokens } from '../../src/simulator/monitor-tokens.ts';

const place = { request: 'r', account: 'a', afterId: 'x', afterMs: 1 };

describe("Trust Monitor's offsets", () => {
  it('are known when they were given out, and nothing else is', () => {
    const tokens = createTokens();
    const token = tokens.issue(place);
    expect(tokens.find(token)).toEqual(place);
    expect(tokens.find(`${token}0`)).toBeUndefined();
    expect(createTokens().find(token)).toBeUndefined();
  });

  it('are digits, never two alike, and in no order', () => {
    const tokens = createTokens();
    const issued = Array.from({ length: 500 }, () => tokens.issue(place));
    expect(new Set(issued).size).toBe(500);
    expect(issued.every((token) => /^\d{7,18}$/.test(token))).toBe(true);
    const sorted = [...issued].sort((a, b) => Number(a) - Number(b));
    expect(sorted).not.toEqual(issued);
  });
});
