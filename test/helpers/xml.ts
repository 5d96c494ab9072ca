export interface Element {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly Element[];
  /** Of an element without elements in it. */
  readonly text: string;
}

const named: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
};

function unescaped(text: string): string {
  if (/[<>]/.test(text)) throw new Error(`a bare < or > in ${text}`);
  return text.replace(/&(?:#(\d+)|#x([0-9a-f]+)|(\w+));|&/gi, (all: string, ...groups) => {
    const [decimal, hex, name] = groups as (string | undefined)[];
    if (decimal !== undefined) return String.fromCodePoint(Number(decimal));
    if (hex !== undefined) return String.fromCodePoint(Number.parseInt(hex, 16));
    const char = named[String(name)];
    if (char === undefined) throw new Error(`${all} is no entity`);
    return char;
  });
}

/** Reads a whole document; throws at the first thing that is not well-formed. No CDATA, no own entities. */
export function readXml(text: string): Element {
  const start = /^(?:<\?xml [^?]*\?>\s*)?(?:<!DOCTYPE [^>[]*>\s*)?/.exec(text)?.[0].length ?? 0;
  const [root, end] = element(text, start);
  if (text.slice(end).trim() !== '') throw new Error(`more than one root: ${text.slice(end)}`);
  return root;
}

function element(text: string, at: number): readonly [Element, number] {
  const tag: RegExpExecArray | null =
    /^<([A-Za-z][\w.-]*)((?:\s+[\w:.-]+="[^"<]*")*)\s*(\/?)>/.exec(text.slice(at));
  if (tag === null) throw new Error(`no element at ${text.slice(at, at + 40)}`);
  const [all, name = '', given = '', closed = ''] = tag;
  const pairs = [...given.matchAll(/([\w:.-]+)="([^"]*)"/g)];
  const attributes = Object.fromEntries(
    pairs.map(([, key = '', value = '']): [string, string] => [key, unescaped(value)]),
  );
  let next = at + all.length;
  if (closed === '/') return [{ name, attributes, children: [], text: '' }, next];
  const children: Element[] = [];
  let content = '';
  for (;;) {
    const open = text.indexOf('<', next);
    if (open < 0) throw new Error(`${name} is not closed`);
    content += text.slice(next, open);
    if (text.startsWith('</', open)) {
      const end = `</${name}>`;
      if (!text.startsWith(end, open)) throw new Error(`${name} is closed by another tag`);
      if (children.length > 0 && content.trim() !== '') throw new Error(`text beside elements`);
      return [{ name, attributes, children, text: unescaped(content) }, open + end.length];
    }
    const [child, after] = element(text, open);
    children.push(child);
    next = after;
  }
}

/** The elements in `parent` by name; throws where one comes twice. */
export function byName({ name, children }: Element): Readonly<Record<string, Element>> {
  const names = children.map((child) => child.name);
  if (new Set(names).size < names.length)
    throw new Error(`${name} holds one twice: ${names.join()}`);
  return Object.fromEntries(children.map((child) => [child.name, child]));
}
