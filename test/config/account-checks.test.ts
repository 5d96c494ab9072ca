import { describe, expect, it } from 'vitest';
import { cleanHostname, isDuoHostname, isIkey } from '../../src/config/account-checks.ts';

describe('the host of the account', () => {
  it.each([
    ['https://api-1a2b3c4d.duosecurity.com/', 'api-1a2b3c4d.duosecurity.com'],
    ['API-1A2B3C4D.duosecurity.com', 'api-1a2b3c4d.duosecurity.com'],
    [' api-1.duofederal.com:8443/admin/v1?x ', 'api-1.duofederal.com:8443'],
    ['[::1]:8443', '[::1]:8443'],
  ])('%j is read as %j', (given, clean) => {
    expect(cleanHostname(given)).toBe(clean);
  });

  it.each([
    ['api-1a2b3c4d.duosecurity.com', true],
    ['api-1a2b3c4d.duofederal.com', true],
    ['api-1a2b3c4d.duosecurity.com:8443', true],
    ['admin-1a2b3c4d.duosecurity.com', false],
    ['api-1.duosecurity.com.example.com', false],
    ['127.0.0.1:8443', false],
  ])('%j looks like one of Duo: %j', (hostname, looks) => {
    expect(isDuoHostname(hostname)).toBe(looks);
  });
});

describe('an integration key', () => {
  it('is DI and 18 capitals or digits', () => {
    expect(isIkey('DIABCDEFGHIJ12345678')).toBe(true);
    expect(isIkey('diabcdefghij12345678')).toBe(false);
    expect(isIkey('DIABC')).toBe(false);
  });
});
