import { isMap, isScalar, isSeq, Pair, Scalar, YAMLMap } from 'yaml';
import type { Node } from 'yaml';

/** Small edits of a parsed file that lose no comment. Values are text: the file is parsed without types. */

export type Entry = Pair<Scalar, Node | null>;
export type Section = YAMLMap<Scalar, Node | null>;

export function asSection(node: unknown): Section | undefined {
  return isMap(node) ? (node as Section) : undefined;
}

export function entryOf(section: Section | undefined, name: string): Entry | undefined {
  return section?.items.find((entry) => nameOf(entry) === name);
}

export function sectionOf(section: Section | undefined, name: string): Section | undefined {
  return asSection(entryOf(section, name)?.value);
}

export function nameOf(entry: Entry): string {
  return isScalar(entry.key) ? String(entry.key.value) : '';
}

/** The scalar's text; '' when there is none. */
export function textOf(entry: Entry | undefined): string {
  return isScalar(entry?.value) && typeof entry.value.value === 'string' ? entry.value.value : '';
}

/** Whether the entry holds anything: an empty scalar does not, and neither do `''` and `~`. */
export function hasValue(entry: Entry | undefined): entry is Entry {
  if (entry?.value === undefined || entry.value === null) return false;
  if (!isScalar(entry.value)) return true;
  const plain = entry.value.type === undefined || entry.value.type === 'PLAIN';
  const text = textOf(entry);
  return text !== '' && !(plain && /^(?:~|null|Null|NULL)$/.test(text));
}

export function rename(entry: Entry, name: string): void {
  entry.key.value = name;
}

/** Keeps the quotes and comments of the old value. */
export function setText(entry: Entry, text: string): void {
  if (isScalar(entry.value)) entry.value.value = text;
  else entry.value = new Scalar(text);
}

export function plain(text: string): Scalar {
  return new Scalar(text);
}

export function quoted(text: string): Scalar {
  const scalar = new Scalar(text);
  scalar.type = 'QUOTE_SINGLE';
  return scalar;
}

export function newEntry(name: string, value: Node): Entry {
  return new Pair(plain(name), value);
}

export function newSection(entries: readonly Entry[] = []): Section {
  const section: Section = new YAMLMap();
  section.items.push(...entries);
  return section;
}

export function remove(section: Section, entry: Entry): void {
  section.items.splice(section.items.indexOf(entry), 1);
}

export function insertAfter(section: Section, name: string, entry: Entry): void {
  const at = section.items.findIndex((other) => nameOf(other) === name);
  section.items.splice(at < 0 ? 0 : at + 1, 0, entry);
}

/** Every comment on a node or in it, in order, as they stand: each line without its #. */
export function commentsOf(node: unknown): string[] {
  if (node instanceof Pair) return [...commentsOf(node.key), ...commentsOf(node.value)];
  if (!isScalar(node) && !isMap(node) && !isSeq(node)) return [];
  const inner = isScalar(node) ? [] : node.items.flatMap((item) => commentsOf(item));
  return [node.commentBefore, ...inner, node.comment].filter(
    (comment): comment is string => typeof comment === 'string' && comment !== '',
  );
}

/** Puts comments that lost their place above a key. */
export function addComments(entry: Entry, comments: readonly string[]): void {
  const all = [entry.key.commentBefore, ...comments].filter(
    (comment): comment is string => typeof comment === 'string' && comment !== '',
  );
  if (all.length > 0) entry.key.commentBefore = all.join('\n');
}

/** Of a repeated key the last one counts, as when DLS read the file; returns the names that were repeated. */
export function dropRepeated(node: unknown): string[] {
  if (isSeq(node)) return node.items.flatMap(dropRepeated);
  const section = asSection(node);
  if (section === undefined) return [];
  const dropped: string[] = [];
  for (const entry of [...section.items]) {
    const later = section.items.slice(section.items.indexOf(entry) + 1);
    const last = later.find((other) => nameOf(other) === nameOf(entry));
    if (last === undefined || nameOf(entry) === '<<') continue;
    addComments(last, commentsOf(entry));
    remove(section, entry);
    dropped.push(nameOf(entry));
  }
  return [...dropped, ...section.items.flatMap((entry) => dropRepeated(entry.value))];
}
