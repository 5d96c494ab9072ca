import { describe, it } from 'vitest';
import { resendWithKills } from './dead-letter-kills.ts';

describe('dead letters that are sent again', () => {
  it('are all there after twenty kills in one go', async () => {
    await resendWithKills(20_000, 20);
  }, 180_000);
});
