import type { z } from 'zod';
import { didYouMean } from './did-you-mean.ts';
import { clip, orList, pathText } from './problem.ts';
import type { Finding, Path } from './problem.ts';
import {
  allSettings,
  keysOf,
  itemsOf,
  limitsOf,
  metaOf,
  schemaAt,
  wordsOf,
} from './schema-tree.ts';
import type { YamlNode, YamlScalar } from './yaml-tree.ts';
import { entryAt, nodeAt } from './yaml-document.ts';

type Issue = z.core.$ZodIssue;

// Spellings of templates that DLS shipped and no longer reads.
const formerNames: Readonly<Record<string, string>> = {
  checkpoint_dir: 'directory',
  accounts: 'account',
  servers: 'server',
};

// What other programs call it.
const otherNames: Readonly<Record<string, string>> = {
  tls: 'TCPSSL',
  ssl: 'TCPSSL',
  'tcp+tls': 'TCPSSL',
  'syslog+tls': 'TCPSSL',
};

/** What the schema says about the file, in words: one finding for each of zod's issues. */
export function shapeFindings(issues: readonly Issue[], root: YamlNode | undefined): Finding[] {
  return issues.flatMap((issue) => {
    const path = issue.path.filter((step) => typeof step !== 'symbol');
    if (issue.code === 'unrecognized_keys')
      return issue.keys.map((key) => unknownKey([...path, key]));
    return [wrongValue(issue, path, nodeAt(root, path), root)];
  });
}

const sectionName = (path: Path): string => (path.length === 0 ? 'the file' : pathText(path));

function unknownKey(path: Path): Finding {
  const name = String(path.at(-1));
  const section = path.slice(0, -1);
  const siblings = Object.keys(keysOf(schemaAt(section)) ?? {});
  const former = formerNames[name];
  const meant =
    former !== undefined && siblings.includes(former) ? former : didYouMean(name, siblings);
  const elsewhere = allSettings()
    .filter((setting) => setting.path.at(-1) === name)
    .map((setting) => pathText(setting.path.slice(0, -1)).replaceAll('.[]', '[]'));
  const finding: Finding = {
    severity: 'error',
    code: 'unknown_key',
    path,
    atKey: true,
    message: `"${clip(name)}" is no setting of ${sectionName(section)}`,
    fix: `Remove the line, or use one of: ${siblings.join(', ')}.`,
  };
  if (meant !== undefined) return { ...finding, fix: `Write "${meant}".`, didYouMean: meant };
  if (elsewhere.length === 0) return finding;
  const places = elsewhere.map((place) => (place === '' ? 'the left margin' : place)).join(' or ');
  return { ...finding, fix: `It belongs to ${places}: move it there.` };
}

function wrongValue(
  issue: Issue,
  path: Path,
  node: YamlNode | undefined,
  root: YamlNode | undefined,
): Finding {
  const base = { severity: 'error', path } as const;
  const name = pathText(path);
  const schema = schemaAt(path);
  const empty = node?.kind === 'scalar' && (node.type === 'null' || node.source === '');
  if (path.length === 0)
    return {
      ...base,
      code: 'no_settings',
      message: 'the file does not hold settings',
      fix: 'Begin with the template: every line is a key, a colon, a space and a value.',
    };
  if (issue.code === 'invalid_key')
    return {
      ...base,
      code: 'wrong_key',
      atKey: true,
      message: `${name} has a name that no line can show`,
      fix: 'Copy the name from a line, as in auth.fraud: letters, digits, dots, hyphens and underscores.',
    };
  if (node === undefined || empty) return missingValue(path, root);
  if (node.kind === 'scalar' && node.type !== 'text' && wants(issue) === 'string')
    return { ...base, ...notText(name, node, isSecret(path) || name === 'account.ikey') };
  const given = shown(node, isSecret(path));
  const words = schema === undefined ? undefined : wordsOf(schema);
  if (words !== undefined && node.kind === 'scalar')
    return { ...base, ...wrongWord(name, node, words) };
  const atKey = node.kind !== 'scalar';
  return { ...base, code: 'wrong_value', atKey, ...wrongKind(issue, name, given, node, path) };
}

/** A value that has to be there and is not. */
export function missingValue(path: Path, root: YamlNode | undefined): Finding {
  const meta = metaOf(schemaAt(path));
  const inList = typeof path.at(-1) === 'number';
  const there = entryAt(root, path) !== undefined || inList;
  return {
    severity: 'error',
    code: 'missing_value',
    path,
    message: `${pathText(path)} ${there ? 'has no value' : 'is missing'}`,
    ...(meta.description === undefined ? {} : { why: meta.description }),
    fix: inList ? 'Write a value after the dash, or remove it.' : example(path, meta.example),
  };
}

function wants(issue: Issue): string | undefined {
  if (issue.code === 'invalid_type') return issue.expected;
  if (issue.code === 'invalid_value') return 'string';
  return undefined;
}

function notText(
  name: string,
  node: YamlScalar,
  secret: boolean,
): Pick<Finding, 'code' | 'message' | 'why' | 'fix'> {
  const kinds = {
    integer: 'a number',
    float: 'a number',
    boolean: 'true or false',
    date: 'a date',
  };
  const kind = node.type === 'text' || node.type === 'null' ? 'no text' : kinds[node.type];
  return {
    code: 'not_text',
    message: `${name} must be text, but YAML reads what is written here as ${kind}`,
    why: 'Without quotes, digits are a number (with leading zeros an octal one), yes and no are true and false.',
    fix: secret
      ? `Put it in quotes: ${name.split('.').at(-1) ?? name}: '…'.`
      : `Put it in quotes: '${clip(node.source)}'.`,
  };
}

function wrongWord(
  name: string,
  node: YamlScalar,
  words: readonly string[],
): Pick<Finding, 'code' | 'message' | 'why' | 'fix' | 'didYouMean'> {
  const given = shown(node, false);
  const other = otherNames[node.source.toLowerCase()];
  const meant =
    other !== undefined && words.includes(other) ? other : didYouMean(node.source, words);
  return {
    code: 'wrong_word',
    message: `${name} is ${given}, but must be ${orList(words)}`,
    fix: `Write ${meant === undefined ? orList(words) : `'${meant}'`}.`,
    ...(meant === undefined ? {} : { didYouMean: meant }),
  };
}

function wrongKind(
  issue: Issue,
  name: string,
  given: string,
  node: YamlNode,
  path: Path,
): Pick<Finding, 'message' | 'fix' | 'why'> {
  const limits = limitsText(path);
  if (issue.code !== 'invalid_type') {
    const size = issue.code === 'too_small' || issue.code === 'too_big';
    if (size && issue.origin === 'array')
      return { message: `${name} is empty`, fix: 'Give it at least one item, each after a dash.' };
    return { message: `${name} is ${given}, but must be ${limits}`, fix: `Write ${limits}.` };
  }
  if (issue.expected === 'number' || issue.expected === 'int') return notNumber(name, given, node);
  if (issue.expected === 'array') return notList(name, given, node, path);
  if (issue.expected === 'boolean')
    return {
      message: `${name} is ${given}, but must be true or false`,
      fix: 'Write true or false, without quotes.',
    };
  if (issue.expected === 'object' || issue.expected === 'record')
    return {
      message: `${name} is ${given}, but must be a section`,
      fix: 'Write its settings on the lines below it, each indented by two spaces more.',
    };
  return { message: `${name} must be text, but is ${given}`, fix: 'Write one value in quotes.' };
}

function notNumber(name: string, given: string, node: YamlNode): Pick<Finding, 'message' | 'fix'> {
  const value = node.kind === 'scalar' ? node.value : undefined;
  if (typeof value === 'number') {
    return Number.isFinite(value)
      ? {
          message: `${name} is ${given}, but must be a whole number`,
          fix: `Write ${Math.round(value)}.`,
        }
      : { message: `${name} is ${given}, but must be finite`, fix: 'Write digits.' };
  }
  const text = typeof value === 'string' ? value : '';
  const number = /^[-+]?[0-9.]+(?:e[-+]?[0-9]+)?$/i.test(text) ? Number(text) : Number.NaN;
  return {
    message: `${name} is ${given}${text === '' ? '' : ', which is text'}, but must be a number`,
    fix: Number.isNaN(number)
      ? 'Write digits, without quotes.'
      : `Write ${number}, without quotes.`,
  };
}

function notList(
  name: string,
  given: string,
  node: YamlNode,
  path: Path,
): Pick<Finding, 'message' | 'fix'> {
  const schema = schemaAt(path);
  const sections = schema !== undefined && keysOf(itemsOf(schema)) !== undefined;
  const words =
    node.kind === 'scalar' ? node.source.split(/[\s,]+/).filter((word) => word !== '') : [];
  return {
    message: `${name} is ${given}, but must be a list`,
    fix: sections
      ? 'Begin its first setting with a dash and a space ("- ") and indent the others to match.'
      : `Write it in brackets: [${words.map((word) => `'${clip(word)}'`).join(', ')}].`,
  };
}

function limitsText(path: Path): string {
  const schema = schemaAt(path);
  return (schema === undefined ? undefined : limitsOf(schema)) ?? 'another value';
}

function example(path: Path, value: string | number | readonly string[] | undefined): string {
  const name = String(path.at(-1));
  if (typeof value === 'number') return `Write, for example, ${name}: ${value}.`;
  if (typeof value === 'string') return `Write, for example, ${name}: '${value}'.`;
  if (value !== undefined)
    return `Write, for example, ${name}: [${value.map((word) => `'${word}'`).join(', ')}].`;
  return `Add it as the template shows it.`;
}

export function isSecret(path: Path): boolean {
  return metaOf(schemaAt(path)).secret === true;
}

/** The value as a message may show it. */
function shown(node: YamlNode, secret: boolean): string {
  if (node.kind === 'list') return 'a list';
  if (node.kind === 'map') return 'a section';
  if (secret) return '***';
  return node.type === 'text' ? `'${clip(node.source)}'` : clip(node.source);
}
