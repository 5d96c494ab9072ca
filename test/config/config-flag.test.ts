import { describe, expect, it } from 'vitest';
import { configFlag } from '../../src/config/config-flag.ts';

describe('the option that names the config file', () => {
  it.each([
    [undefined, ''],
    ['/etc/duologsync/config.yml', ' -c /etc/duologsync/config.yml'],
    ['C:\\Duo\\config.yml', ' -c C:\\Duo\\config.yml'],
    ['/my files/config.yml', ' -c "/my files/config.yml"'],
  ])('can be copied: %s', (file, expected) => {
    expect(configFlag(file)).toBe(expected);
  });
});
