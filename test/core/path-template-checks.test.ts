import { describe, expect, it } from 'vitest';
import { defaultLayout, duoWatcherLayout } from '../../src/core/path-template.ts';
import { templateProblem, type TemplateUse } from '../../src/core/path-template-checks.ts';

const one: TemplateUse = { endpoints: 1, children: false, retention: false };
const all: TemplateUse = { endpoints: 6, children: true, retention: true };
const day = '{YYYY}-{MM}-{DD}';

describe('a path template', () => {
  it.each([
    defaultLayout.template,
    duoWatcherLayout.template,
    `duo/{endpoint}-{account}/${day}.json`,
    '{endpoint}/{account}/{YYYY}',
    'Ä ö/{account}-{endpoint} {YY}{MM}{DD}{HH}.log',
  ])('may be %s', (template) => {
    expect(templateProblem(template, all)).toBeUndefined();
  });

  it.each([
    ['{endpoint}\\{YYYY}', 'it holds a backslash'],
    ['{endpiont}/{YYYY}', "'{endpiont}' is no placeholder"],
    ['{endpoint/{YYYY}', "'{' is no placeholder"],
    ['endpoint}', "'}' is no placeholder"],
    ['{}', "'{}' is no placeholder"],
    ['C:{endpoint}', 'it holds a character that not every system allows in file names'],
    ['a\tb', 'it holds a character that not every system allows in file names'],
    ['/{endpoint}', 'it begins with a slash'],
    ['{endpoint}/', 'a folder or the file has no name'],
    ['', 'a folder or the file has no name'],
    ['a//b', 'a folder or the file has no name'],
    ['../{endpoint}', "'..' begins with a dot"],
    ['{endpoint}/../../etc', "'..' begins with a dot"],
    ['.duologsync/{endpoint}', "'.duologsync' begins with a dot"],
    ['{endpoint}./x', "'{endpoint}.' begins or ends with a space, or ends with a dot"],
    ['{endpoint} /x', "'{endpoint} ' begins or ends with a space, or ends with a dot"],
    ['nul.{DD}', "'nul.{DD}' is the name of a device on Windows"],
    ['{endpoint}/{MM}', 'it has {MM} but not {YYYY}'],
    ['{YYYY}{DD}', 'it has {DD} but not {MM}'],
    ['{YYYY}{HH}', 'it has {HH} but not {DD}'],
    ['{endpoint}{account}', 'nothing stands between {endpoint} and {account}'],
    ['x'.repeat(201), 'it has more than 200 characters'],
  ])('may not be %j', (template, message) => {
    const problem = templateProblem(template, one);
    expect(problem?.message).toBe(message);
    expect(problem?.fix).toMatch(/^[A-Z].*\.$/);
  });

  it('needs the endpoint, the account and the date only where they tell files apart', () => {
    expect(templateProblem('archive', one)).toBeUndefined();
    expect(templateProblem(day, { ...one, endpoints: 2 })?.fix).toBe('Add {endpoint}.');
    expect(templateProblem(day, { ...one, children: true })?.fix).toBe('Add {account}.');
    expect(templateProblem('archive', { ...one, retention: true })?.message).toMatch(/no date/);
  });
});
