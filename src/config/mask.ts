import { isIkey } from './account-checks.ts';
import { didYouMean } from './did-you-mean.ts';
import type { Path, Span } from './problem.ts';
import { allSettings } from './schema-tree.ts';
import type { SettingMeta } from './schema-tree.ts';
import { readYaml } from './yaml-document.ts';
import type { YamlNode } from './yaml-tree.ts';

export interface Mask {
  /** Places of the text that are never shown. */
  readonly spans: readonly Span[];
  /** A sentence without secrets. */
  sentence(text: string): string;
}

// A Duo secret key, wherever it stands.
const keyShape = /(?<![A-Za-z0-9])[A-Za-z0-9]{40}(?![A-Za-z0-9])/g;
// The login in a URL.
const loginShape = /[^\s'"@]{1,200}:[^\s'"@]{1,200}@/g;
const secretLine =
  /^([^\S\n]*(?:-[^\S\n]+)?['"]?[\w-]*(?:key|pass|secret|token)[\w-]*['"]?[^\S\n]*:[^\S\n]*)([^\n]+)$/gim;

/**
 * Finds what must not be shown: values of secret settings, of unknown settings (a misspelt skey is one), and
 * whatever has the shape of a secret key. In a text that is not YAML: everything after a key that sounds secret.
 */
export function maskOf(text: string): Mask {
  const { root } = readYaml(text);
  const spans: Span[] = root === undefined ? looseSpans(text) : secretSpans(root);
  for (const shape of [keyShape, loginShape])
    for (const match of text.matchAll(shape))
      spans.push({ start: match.index, end: match.index + match[0].length });
  const words = spans
    .map(({ start, end }) => text.slice(start, end).replace(/^(['"])(.*)\1$/s, '$2'))
    .filter((word) => word.length >= 8);
  return {
    spans,
    sentence(sentence) {
      let masked = sentence.replace(keyShape, '***');
      for (const word of new Set(words)) masked = masked.replaceAll(word, '***');
      return masked;
    },
  };
}

function looseSpans(text: string): Span[] {
  return [...text.matchAll(secretLine)].map((match) => {
    const start = match.index + (match[1]?.length ?? 0);
    return { start, end: match.index + match[0].trimEnd().length };
  });
}

function secretSpans(root: YamlNode): Span[] {
  const spans: Span[] = [];
  const names = new Map(allSettings().map(({ path, meta }) => [path.at(-1) ?? '', meta]));
  const visit = (node: YamlNode, path: Path): void => {
    if (node.kind === 'map')
      for (const [name, { value }] of node.entries) visit(value, [...path, name]);
    else if (node.kind === 'list')
      node.items.forEach((item, index) => visit(item, [...path, index]));
    else if (isHidden(node.source, path, names)) spans.push({ start: node.start, end: node.end });
  };
  visit(root, []);
  return spans.filter(({ start, end }) => end > start);
}

type Names = ReadonlyMap<string, SettingMeta>;

/** A value may be shown when its key is, or is near to, one of a setting that is no secret. */
function isHidden(source: string, path: Path, names: Names): boolean {
  const name = String(path.findLast((step) => typeof step === 'string') ?? '');
  const known = names.has(name) ? name : didYouMean(name, [...names.keys()]);
  if (known === undefined || names.get(known)?.secret === true) return true;
  if (isPlaceOfSecret(known) && hidesSecret(source, path.at(-1))) return true;
  return known === 'ikey' && !isIkey(source);
}

const isPlaceOfSecret = (name: string): boolean => /_(?:file|env|credential|command)$/.test(name);

/** The secret itself where its place belongs, or an argument of the program that fetches it: perhaps a token. */
function hidesSecret(source: string, last: string | number | undefined): boolean {
  return (typeof last === 'number' && last > 0) || /^[\w+=-]{32,}$/.test(source);
}
