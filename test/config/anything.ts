import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { problemsAsJson } from '../../src/config/issues.ts';
import { goodConfig, loadText, shownProblems } from './loading.ts';

/** Loads it and looks at all that a command would print of it. */
async function load(text: string | Uint8Array): Promise<void> {
  const result = await loadText(text);
  const hasError = result.problems.some(({ severity }) => severity === 'error');
  expect(result.config === undefined).toBe(hasError);
  expect(shownProblems(result)).not.toMatch(/\[object/);
  expect(() => JSON.stringify(problemsAsJson(result.problems, result.text))).not.toThrow();
}

const names = [
  ...new Set([...goodConfig().matchAll(/([a-z_]+):/g)].map(([, name = '']) => name)),
  'proxy',
  'proxy_port',
  'cert_filepath',
  'max_events_per_second',
  'recoverFromCheckpoint',
  'logs',
  'transport',
  '__proto__',
  'constructor',
  'toString',
];
const key = fc.oneof({ weight: 5, arbitrary: fc.constantFrom(...names) }, fc.string());
/** Values of every kind that YAML has, deep and shallow, under keys that the program knows. */
const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.oneof(
      fc.string(),
      fc.double(),
      fc.integer(),
      fc.boolean(),
      fc.constantFrom<unknown>(null, 'TCP', 'JSON', 'siem', 'auth', '1.0.0', 65_536, -1, '', []),
      fc.date({ noInvalidDate: true }),
      fc.bigInt(),
    ),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(key, tie('value'), { maxKeys: 8 }),
  ),
}));

/** Properties of the loader, each tried so many times. */
export function loadAnything(numRuns: number): void {
  describe('the loader of config files comes to an end without an exception', () => {
    it('for any bytes', async () => {
      const bytes = fc.oneof(fc.uint8Array({ maxLength: 300 }), fc.uint8Array({ size: '+2' }));
      await fc.assert(fc.asyncProperty(bytes, load), { numRuns });
    });

    it('for any text', async () => {
      const text = fc.string({ unit: 'binary', maxLength: 300 });
      await fc.assert(fc.asyncProperty(text, load), { numRuns });
    });

    it('for text made of what YAML gives a meaning', async () => {
      const marks = [
        '&a ',
        '*a',
        '<<: ',
        '!!str ',
        '!x ',
        '? ',
        ': ',
        '- ',
        '|',
        '>',
        '%YAML 1.1\n',
      ];
      const words = [
        ...marks,
        '---\n',
        '...\n',
        '#',
        '"',
        "'",
        '{',
        '}',
        '[',
        ']',
        ',',
        '\n',
        '  ',
      ];
      const word = fc.oneof(
        fc.constantFrom(...words),
        fc.constantFrom(...names.map((n) => `${n}: `)),
      );
      const text = fc.array(word, { maxLength: 60 }).map((parts) => parts.join(''));
      await fc.assert(fc.asyncProperty(text, load), { numRuns });
    });

    it('for a file of any shape, with the keys that it knows', async () => {
      const shape = fc.dictionary(key, value, { maxKeys: 10 }).map((one) => stringify(one));
      await fc.assert(fc.asyncProperty(shape, load), { numRuns });
    });

    it('for a good file in which one value is anything', async () => {
      const lines = goodConfig().split('\n');
      const places = lines.flatMap((line, at) => (/: \S/.test(line) ? [at] : []));
      const changed = fc.tuple(fc.constantFrom(...places), value).map(([at, one]) => {
        const flow = stringify(one, { collectionStyle: 'flow', lineWidth: 0 }).trim();
        return lines.map((line, i) => (i === at ? line.replace(/: .*/, () => `: ${flow}`) : line));
      });
      await fc.assert(
        fc.asyncProperty(changed, (text) => load(text.join('\n'))),
        { numRuns },
      );
    });
  });
}
