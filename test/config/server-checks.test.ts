import { describe, expect, it } from 'vitest';
import { codesOf, goodConfig, loadText } from './loading.ts';

const second = (id: string): readonly [string, string] => [
  'account:',
  `  - id: '${id}'\n    hostname: '192.0.2.7'\n    port: 514\n    protocol: 'UDP'\naccount:`,
];

describe('servers and mappings', () => {
  it('let the same log go to several servers', async () => {
    const text = goodConfig(second('two'), [
      "server: 'siem'",
      "server: 'siem'\n    - endpoints: ['auth']\n      server: 'two'",
    ]);
    const result = await loadText(text);
    expect(result.problems).toEqual([]);
    expect(result.config?.account.endpoint_server_mappings).toHaveLength(2);
  });

  it('tell ids apart by case, as DLS does', async () => {
    const result = await loadText(goodConfig(second('SIEM')));
    expect(codesOf(result)).toEqual(['warning server_unused']);
  });

  it('name a log twice in one list with one warning', async () => {
    expect(codesOf(await loadText(goodConfig(["'activity'", "'auth'"])))).toEqual([
      'warning mapped_twice',
    ]);
  });

  it('do not mistake one misspelt mapping for an unused server as well', async () => {
    const result = await loadText(goodConfig(["server: 'siem'", "server: 'siemm'"]));
    expect(codesOf(result)).toEqual(['error server_unknown']);
    expect(result.problems[0]?.didYouMean).toBe('siem');
  });
});
