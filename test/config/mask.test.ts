import { describe, expect, it } from 'vitest';
import { maskOf } from '../../src/config/mask.ts';
import { skey } from './loading.ts';

function hidden(text: string): string[] {
  return maskOf(text).spans.map(({ start, end }) => text.slice(start, end));
}

describe('what is never shown', () => {
  it('is the value of every secret setting', () => {
    const text = `account:\n  skey: 'one-two'\nservers:\n  - client_key_passphrase: 'abc'\ndls_settings:\n  proxy:\n    proxy_password: geheim\n`;
    expect(hidden(text)).toEqual(["'one-two'", "'abc'", 'geheim']);
  });

  it('is the value of a setting whose name may be that of a misspelt secret', () => {
    expect(hidden('account:\n  skye: hunter2\n  password: hunter3\n  hostnam: shown\n')).toEqual([
      'hunter2',
      'hunter3',
    ]);
  });

  it('is an integration key that does not look like one: it may be the secret key', () => {
    expect(hidden('account:\n  ikey: hunter2\n')).toEqual(['hunter2']);
    expect(hidden('account:\n  ikey: DIXXXXXXXXXXXXXXXXXX\n')).toEqual([]);
  });

  it('is what stands behind such a name in a text that is no YAML', () => {
    expect(hidden("account:\n  - skey: 'hunter2\n\tx: [")).toEqual(["'hunter2"]);
  });

  it('is the login in a URL, of a proxy for example', () => {
    expect(hidden("proxy_server: 'http://me:hunter2@proxy.test:3128'")).toEqual([
      'http://me:hunter2@',
    ]);
    expect(hidden('proxy_server: me:hunter2@proxy.test')).toEqual(['me:hunter2@']);
    expect(hidden("hostname: 'http://proxy.test:3128/'")).toEqual([]);
  });

  it('is whatever has the shape of a secret key, in the text and in messages', () => {
    expect(hidden(`hostname: ${skey}`)).toContain(skey);
    expect(maskOf('').sentence(`the host '${skey}' is none`)).toBe("the host '***' is none");
    expect(maskOf("skey: 'correct-horse'").sentence('not correct-horse')).toBe('not ***');
  });
});
