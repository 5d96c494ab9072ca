import { isAlias, isMap, isScalar, isSeq } from 'yaml';
import type { Alias, Node, Scalar, YAMLMap, YAMLSeq } from 'yaml';
import type { Finding, Span } from './problem.ts';
import { resolvePlain } from './yaml-scalars.ts';
import type { ScalarType } from './yaml-scalars.ts';

export type YamlNode = YamlMap | YamlList | YamlScalar;

export interface YamlMap extends Span {
  readonly kind: 'map';
  readonly entries: ReadonlyMap<string, YamlEntry>;
}

export interface YamlList extends Span {
  readonly kind: 'list';
  readonly items: readonly YamlNode[];
}

export interface YamlScalar extends Span {
  readonly kind: 'scalar';
  readonly type: ScalarType;
  readonly value: string | number | boolean | null;
  /** The text as written, without quotes. */
  readonly source: string;
  readonly quoted: boolean;
}

export interface YamlEntry {
  readonly key: Span & { readonly text: string };
  readonly value: YamlNode;
}

export type YamlValue =
  | string
  | number
  | boolean
  | null
  | YamlDate
  | readonly YamlValue[]
  | { readonly [key: string]: YamlValue };

/** A date without quotes: neither text nor number. */
export class YamlDate {
  readonly source: string;

  constructor(source: string) {
    this.source = source;
  }
}

const deepest = 100;
const mostNodes = 100_000;
const standard = 'tag:yaml.org,2002:';

/** Turns the parser's document into values as PyYAML would give them, keeping every place. */
export class TreeBuilder {
  readonly findings: Finding[] = [];
  readonly #anchors = new Map<string, YamlNode>();
  readonly #open = new Set<string>();
  readonly #sizes = new Map<YamlNode, number>();
  #nodes = 0;

  build(node: Node | null | undefined, depth = 0): YamlNode {
    const start = node?.range?.[0] ?? 0;
    const end = node?.range?.[1] ?? start;
    const empty = scalar({ start, end }, 'null', null, '', false);
    if (node === null || node === undefined) return empty;
    if (depth > deepest) return this.#refuse(empty, 'yaml_too_complex', 'nested too deep');
    if (isAlias(node)) return this.#alias(node, empty);
    this.#count(1, empty);
    const anchor = (node as Scalar).anchor;
    if (anchor !== undefined) this.#open.add(anchor);
    const before = this.#nodes;
    const built = this.#body(node, { start, end }, depth) ?? empty;
    if (anchor !== undefined) {
      this.#open.delete(anchor);
      this.#anchors.set(anchor, built);
      this.#sizes.set(built, this.#nodes - before + 1);
    }
    return built;
  }

  #body(node: Node, span: Span, depth: number): YamlNode | undefined {
    if (isScalar(node)) return this.#scalar(node, span);
    if (isMap(node)) {
      this.#checkTag(node, span, ['map']);
      return this.#map(node, span, depth);
    }
    if (isSeq(node)) {
      this.#checkTag(node, span, ['seq']);
      return this.#list(node, span, depth);
    }
    return undefined;
  }

  #list(node: YAMLSeq, span: Span, depth: number): YamlList {
    const items = node.items.map((item) => this.build(item as Node | null, depth + 1));
    return { kind: 'list', items, ...span };
  }

  #map(node: YAMLMap, span: Span, depth: number): YamlMap {
    const own = new Map<string, YamlEntry>();
    const merged = new Map<string, YamlEntry>();
    for (const pair of node.items) {
      const key = this.build(pair.key as Node | null, depth + 1);
      const value = this.build(pair.value as Node | null, depth + 1);
      if (key.kind !== 'scalar') {
        this.#refuse(key, 'yaml_key', 'a key must be a word');
      } else if (key.source === '<<' && !key.quoted) {
        this.#merge(merged, value);
      } else {
        const name = key.source;
        const place = { text: name, start: key.start, end: key.end };
        if (own.has(name)) this.#repeated(name, place);
        own.delete(name);
        own.set(name, {
          key: place,
          value: isEmpty(value) ? { ...value, start: key.end, end: key.end } : value,
        });
      }
    }
    for (const [name, entry] of merged) if (!own.has(name)) own.set(name, entry);
    return { kind: 'map', entries: own, ...span };
  }

  #merge(into: Map<string, YamlEntry>, value: YamlNode): void {
    const maps = value.kind === 'list' ? value.items : [value];
    for (const map of maps) {
      if (map.kind !== 'map') {
        this.#refuse(map, 'yaml_merge', '<< takes a section, by its reference');
        continue;
      }
      for (const [name, entry] of map.entries) if (!into.has(name)) into.set(name, entry);
    }
  }

  #scalar(node: Scalar, span: Span): YamlScalar {
    const source = typeof node.value === 'string' ? node.value : '';
    const quoted = node.type !== undefined && node.type !== 'PLAIN';
    if (node.tag === undefined) {
      if (quoted) return scalar(span, 'text', source, source, true);
      const { type, value } = resolvePlain(source);
      return scalar(span, type, value, source, false);
    }
    const known = ['str', 'int', 'float', 'bool', 'null', 'timestamp'];
    this.#checkTag(node, span, known);
    const tag = node.tag.replace(standard, '');
    if (tag === 'str' || tag === '!') return scalar(span, 'text', source, source, true);
    const { type, value } = resolvePlain(source);
    return scalar(span, type, value, source, quoted);
  }

  #alias(node: Alias, empty: YamlScalar): YamlNode {
    const target = this.#anchors.get(node.source);
    if (this.#open.has(node.source))
      return this.#refuse(empty, 'yaml_reference', `*${node.source} stands inside of itself`);
    if (target === undefined)
      return this.#refuse(empty, 'yaml_reference', `there is no &${node.source} above this`);
    this.#count(this.#sizes.get(target) ?? 1, empty);
    return target;
  }

  #count(more: number, at: YamlScalar): void {
    const before = this.#nodes;
    this.#nodes += more;
    if (before <= mostNodes && this.#nodes > mostNodes)
      this.#refuse(at, 'yaml_too_complex', 'the file holds far too much for a config');
  }

  #checkTag(node: Scalar | YAMLMap | YAMLSeq, span: Span, known: readonly string[]): void {
    const tag = node.tag;
    if (tag === undefined || tag === '!' || known.some((name) => tag === standard + name)) return;
    const { start, end } = span;
    this.findings.push({
      severity: 'error',
      code: 'yaml_tag',
      path: [],
      span: { start, end },
      message: `the value has the tag "${tag.replace(standard, '!!')}", which a config does not know`,
      why: 'A ! before a value is a tag in YAML.',
      fix: 'Remove the tag, or put a value that begins with ! in single quotes.',
    });
  }

  #repeated(name: string, place: Span): void {
    this.findings.push({
      severity: 'warning',
      code: 'repeated_key',
      path: [],
      span: { start: place.start, end: place.end },
      message: `"${name}" is written more than once in this section`,
      why: 'The last one counts, as in Duo Log Sync.',
      fix: 'Keep the one that you mean and remove the other.',
    });
  }

  #refuse(at: YamlNode, code: string, message: string): YamlScalar {
    const span = { start: at.start, end: Math.max(at.end, at.start + 1) };
    if (this.findings.length < 20)
      this.findings.push({
        severity: 'error',
        code,
        path: [],
        span,
        message,
        fix: 'Write the setting out, as in the template.',
      });
    return scalar(span, 'null', null, '', false);
  }
}

function isEmpty(node: YamlNode): boolean {
  return node.kind === 'scalar' && node.source === '' && !node.quoted;
}

function scalar(
  span: Span,
  type: ScalarType,
  value: string | number | boolean | null,
  source: string,
  quoted: boolean,
): YamlScalar {
  return { kind: 'scalar', type, value, source, quoted, start: span.start, end: span.end };
}

/** The plain value, for the schema. */
export function valueOf(node: YamlNode): YamlValue {
  if (node.kind === 'list') return node.items.map(valueOf);
  if (node.kind === 'map')
    return Object.fromEntries(
      [...node.entries].map(([name, entry]) => [name, valueOf(entry.value)]),
    );
  if (node.type === 'date') return new YamlDate(node.source);
  return node.value;
}
