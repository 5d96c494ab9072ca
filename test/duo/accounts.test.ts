import { describe, expect, it } from 'vitest';
import type { ApiAnswer, JsonValue } from '../../src/core/types.ts';
import { apiHostOf, createAccountList } from '../../src/duo/accounts.ts';
import type { ApiRequest, DuoApi } from '../../src/duo/api.ts';
import { failure, type FailureCode } from '../../src/duo/failures.ts';
import { answerOf } from '../engine/fake-duo.ts';
import { account as parent, never, recordingLog } from '../engine/parts.ts';

function duoWith(answer: readonly JsonValue[] | FailureCode | undefined) {
  const asked: ApiRequest[] = [];
  const api: DuoApi = {
    async send(request): Promise<ApiAnswer> {
      asked.push(request);
      if (typeof answer === 'string') throw failure(answer, 'refused');
      if (answer === undefined) return { lists: new Map(), metadata: {}, size: 0 };
      const rows = answer.map((row) => JSON.stringify(row));
      return answerOf('', rows);
    },
    nowMs: () => 0,
    close: async () => undefined,
  };
  const { log, said } = recordingLog();
  return { asked, said, list: createAccountList({ api, parent, log }) };
}

const good = { account_id: 'DA1', name: 'One', api_hostname: 'api-one.duosecurity.com' };
const one = { id: 'DA1', name: 'One', apiHost: 'api-one.duosecurity.com' };

describe('the list of child accounts', () => {
  it('is asked of the parent by the Accounts API', async () => {
    const { asked, list } = duoWith([good]);
    expect(await list(never)).toEqual([one]);
    expect(asked).toEqual([
      { account: parent, method: 'POST', path: '/accounts/v1/account/list', params: {} },
    ]);
  });

  it.each<[string, JsonValue]>([
    ['no object', 'DA2'],
    ['no id', { ...good, account_id: null }],
    ['an id that would lead out of a folder', { ...good, account_id: '../DA2' }],
    ['no host', { ...good, account_id: 'DA2', api_hostname: null }],
    ['a host with a path', { ...good, account_id: 'DA2', api_hostname: 'x.test/y' }],
    ['a host with a user', { ...good, account_id: 'DA2', api_hostname: 'me@x.test' }],
  ])('leaves out a row with %s, and says so once', async (_name, row) => {
    const { list, said } = duoWith([row, good]);
    expect(await list(never)).toEqual([one]);
    expect(await list(never)).toEqual([one]);
    expect(said).toMatchObject([
      { level: 'warn', fields: { code: 'account_unusable', accounts: 1 } },
    ]);
  });

  it('takes a child without a name by its id, and one that comes twice once', async () => {
    const { list } = duoWith([{ ...good, name: null, more: [1] }, good]);
    expect(await list(never)).toEqual([{ ...one, name: 'DA1' }]);
  });

  it('may be empty, but an answer without a list is a failure', async () => {
    expect(await duoWith([]).list(never)).toEqual([]);
    await expect(duoWith(undefined).list(never)).rejects.toMatchObject({ code: 'duo_wrong_shape' });
  });

  it.each(['duo_forbidden', 'duo_not_found'] as const)(
    'says on %s which kind of key is needed',
    async (code) => {
      await expect(duoWith(code).list(never)).rejects.toMatchObject({
        code,
        remedy: 'park',
        hint: expect.stringContaining('Accounts API application') as string,
      });
    },
  );

  it('waits a minute at least when Duo says that it is too much', async () => {
    await expect(duoWith('duo_rate_limited').list(never)).rejects.toMatchObject({
      code: 'duo_rate_limited',
      retryAfterMs: 60_000,
    });
    await expect(duoWith('duo_timeout').list(never)).rejects.toMatchObject({ code: 'duo_timeout' });
  });
});

describe("a child's API host", () => {
  it.each([
    ['api-x.duosecurity.com', 'api-x.duosecurity.com'],
    [' API-X.duosecurity.com:443 ', 'api-x.duosecurity.com'],
    ['x.test:8443', 'x.test:8443'],
    ['', undefined],
    ['https://x.test', undefined],
    ['x.test?y', undefined],
    ['x.test#y', undefined],
    ['x y', undefined],
  ])('%j is called as %j', (text, host) => {
    expect(apiHostOf(text)).toBe(host);
  });
});
