import { describe, expect, it } from 'vitest';
import { goodConfig, loadText } from './loading.ts';

describe('a wrong value', () => {
  it('without quotes where text is needed is told to be put in quotes, whatever YAML makes of it', async () => {
    for (const value of ['012345', '1.10', '2024-01-01', 'yes', '12:30:45', '.inf']) {
      const { problems } = await loadText(goodConfig(["'siem.example.com'", value]));
      expect(problems).toHaveLength(1);
      expect(problems[0]).toMatchObject({
        code: 'not_text',
        line: 12,
        fix: `Put it in quotes: '${value}'.`,
      });
    }
  });

  it.each([
    ['6514', '514.5', 'Write 515.'],
    ['6514', '[514]', 'Write digits, without quotes.'],
    ['6514', 'syslog', 'Write digits, without quotes.'],
    ["'siem.example.com'", '{a: b}', 'Write one value in quotes.'],
    ['enabled: true', "enabled: 'true'", 'Write true or false, without quotes.'],
    [
      '    offset: 30\n',
      '    - offset\n',
      'Write its settings on the lines below it, each indented by two spaces more.',
    ],
  ])('%j given as %j is told: %j', async (from, to, fix) => {
    const text = to.startsWith('    -')
      ? goodConfig(['    offset: 30\n    timeout: 120\n', '    - offset\n'])
      : goodConfig([from, to]);
    const { problems } = await loadText(text);
    expect(problems.map((problem) => problem.fix)).toEqual([fix]);
  });

  it('makes one problem of a misspelt key and the missing right one', async () => {
    const { problems } = await loadText(goodConfig(['skey:', 'sky:']));
    expect(problems).toMatchObject([{ code: 'unknown_key', didYouMean: 'skey' }]);
  });

  it('in a file full of mistakes is told with all the others', async () => {
    const { problems } = await loadText('servers: [1, 2, 3]\naccount: 5\ndls_settings: []\n');
    expect(problems.map(({ code }) => code)).toEqual([
      'version_missing',
      'wrong_value',
      'wrong_value',
      'wrong_value',
      'wrong_value',
      'wrong_value',
    ]);
  });
});
