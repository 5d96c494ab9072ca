import { describe, expect, it } from 'vitest';
import { Refusal } from '../../src/simulator/refusal.ts';

describe('a refusal', () => {
  it('has the status that its code begins with, and the envelope of the documentation', () => {
    const refusal = new Refusal(40002, 'maxtime');
    expect(refusal.status).toBe(400);
    expect(JSON.parse(refusal.body)).toEqual({
      stat: 'FAIL',
      code: 40002,
      message: 'Invalid request parameters',
      message_detail: 'maxtime',
    });
    expect(JSON.parse(new Refusal(42901).body)).toEqual({
      stat: 'FAIL',
      code: 42901,
      message: 'Too Many Requests',
    });
  });
});
