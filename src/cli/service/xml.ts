/** An element: its name, its attributes, and its text or the elements in it. */
export interface Xml {
  readonly name: string;
  readonly attributes?: Readonly<Record<string, string>>;
  readonly content: string | readonly Xml[];
}

export function element(name: string, content: Xml['content'] = []): Xml {
  return { name, content };
}

/** Indented by two spaces, ASCII alone, so that no reader can mistake the encoding. */
export function xmlText(xml: Xml, indent = ''): string {
  const attributes = Object.entries(xml.attributes ?? {}).map(
    ([key, text]) => ` ${key}="${escaped(text)}"`,
  );
  const tag = `${xml.name}${attributes.join('')}`;
  if (typeof xml.content === 'string')
    return `${indent}<${tag}>${escaped(xml.content)}</${xml.name}>\n`;
  if (xml.content.length === 0) return `${indent}<${tag}/>\n`;
  const inner = xml.content.map((child) => xmlText(child, `${indent}  `)).join('');
  return `${indent}<${tag}>\n${inner}${indent}</${xml.name}>\n`;
}

function escaped(text: string): string {
  return text.replace(/[&<>"']|[^\x20-\x7e]/gu, (char) => `&#${char.codePointAt(0) ?? 0xfffd};`);
}
