import { CST, Lexer, parseAllDocuments } from 'yaml';
import type { Document, YAMLError } from 'yaml';
import type { Finding, Path, Span } from './problem.ts';
import { TreeBuilder } from './yaml-tree.ts';
import type { YamlEntry, YamlNode } from './yaml-tree.ts';

export interface YamlDocument {
  /** Undefined when the file is empty or cannot be read as YAML. */
  readonly root: YamlNode | undefined;
  readonly findings: readonly Finding[];
}

// A config with 15,000 blocked accounts stays below; the parser's time grows faster than the text when
// the text is broken (measured: 100,000 tokens of brackets take about a second).
const mostTokens = 100_000;
const deepestFlow = 50;
const deepestColumn = 200;

/**
 * Reads YAML 1.1 as PyYAML's full_load does, with the place of every value. Never throws: what is wrong
 * comes back as findings, and the time is bounded whatever the text is.
 */
export function readYaml(text: string): YamlDocument {
  const refused = unprintable(text) ?? tooMuch(text);
  if (refused !== undefined) return { root: undefined, findings: [refused] };
  const parsed = parseAllDocuments(text, {
    schema: 'failsafe',
    uniqueKeys: false,
    prettyErrors: false,
    logLevel: 'silent',
  });
  const [first, second] = [...parsed];
  if (first === undefined || first.contents === null) return { root: undefined, findings: [] };
  const glued = first.errors.filter(isGluedComment);
  const errors = first.errors.filter((error) => !glued.includes(error)).map(syntaxFinding);
  if (second !== undefined) errors.push(severalDocuments(second));
  if (errors.length > 0) return { root: undefined, findings: withoutEchoes(errors) };
  const builder = new TreeBuilder();
  const root = builder.build(first.contents);
  const fatal = builder.findings.some((finding) => finding.severity === 'error');
  const findings = [...glued.map(gluedComment), ...builder.findings];
  return { root: fatal ? undefined : root, findings };
}

// What YAML calls printable (1.1, section 4.1), as PyYAML checks it.
const notPrintable = /[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u;

function unprintable(text: string): Finding | undefined {
  const start = text.search(notPrintable);
  if (start < 0) return undefined;
  const code = text.charCodeAt(start).toString(16).toUpperCase().padStart(4, '0');
  return {
    severity: 'error',
    code: 'yaml_control_character',
    path: [],
    span: { start, end: start + 1 },
    message: `there is a control character (U+${code}) in the file`,
    fix: 'Remove it, or check that this is a text file.',
  };
}

/** The parser recurses; Node dies, beyond any catch, when that exhausts the stack. So depth is checked first. */
function tooMuch(text: string): Finding | undefined {
  let offset = 0;
  let column = 0;
  let flow = 0;
  let tokens = 0;
  for (const source of new Lexer().lex(text)) {
    const type = CST.tokenType(source);
    if (type === 'flow-seq-start' || type === 'flow-map-start') flow += 1;
    if (type === 'flow-seq-end' || type === 'flow-map-end') flow = Math.max(0, flow - 1);
    const block =
      type === 'seq-item-ind' || type === 'explicit-key-ind' || type === 'map-value-ind';
    tokens += 1;
    if (
      flow > deepestFlow ||
      (flow === 0 && block && column > deepestColumn) ||
      tokens > mostTokens
    )
      return {
        severity: 'error',
        code: 'yaml_too_complex',
        path: [],
        span: { start: offset, end: offset + 1 },
        message:
          tokens > mostTokens ? 'the file holds far too much for a config' : 'nested too deep',
        why: 'A config needs five levels; this looks like another kind of file.',
        fix: 'Check that this is the file you mean.',
      };
    // The lexer's own marks for document, flow end and scalar are no part of the text.
    if (type === 'doc-mode' || type === 'flow-error-end' || type === 'scalar') continue;
    offset += source.length;
    const newline = source.lastIndexOf('\n');
    column = newline < 0 ? column + source.length : source.length - newline - 1;
  }
  return undefined;
}

/** PyYAML takes a comment that begins right behind a closing quote or bracket. */
function isGluedComment(error: YAMLError): boolean {
  return error.code === 'MISSING_CHAR' && error.message.startsWith('Comments must be separated');
}

function gluedComment(error: YAMLError): Finding {
  return {
    severity: 'warning',
    code: 'comment_without_space',
    path: [],
    span: { start: error.pos[0], end: error.pos[0] + 1 },
    message: 'a comment begins without a space before its #',
    fix: 'Put a space before the #.',
  };
}

/** After the first fault the parser is astray: of what follows only the same fault elsewhere is true. */
function withoutEchoes(errors: readonly Finding[]): Finding[] {
  const [first] = errors;
  return errors.filter(({ code }) => code === first?.code).slice(0, 10);
}

const syntaxAdvice: Readonly<Record<string, readonly [message: string, fix: string]>> = {
  TAB_AS_INDENT: ['a tab is used to indent', 'Use spaces in place of the tab.'],
  BAD_DQ_ESCAPE: [
    'a backslash in double quotes begins a special character, and this is none',
    "Put the value in single quotes, in which a backslash is a backslash: 'C:\\logs\\duologsync.log'.",
  ],
  BLOCK_AS_IMPLICIT_KEY: [
    'there are two colons, or a value is followed by a line that is indented further',
    'Put a value that contains ": " in single quotes, and begin the keys of one section in the same column.',
  ],
  BAD_SCALAR_START: [
    'a value without quotes cannot begin with this character',
    'Put the value in single quotes.',
  ],
  MISSING_CHAR: [
    'something that was opened is not closed',
    'Add the missing quote, comma or colon; a quote inside single quotes is written twice.',
  ],
  BAD_INDENT: [
    'the indentation is wrong here, or a bracket is not closed',
    'Begin the keys of one section in the same column, and close every [ with ].',
  ],
  BAD_ALIAS: ['the * begins a reference, and this is none', 'Put the value in single quotes.'],
  MULTILINE_IMPLICIT_KEY: [
    'a key is not followed by a colon',
    'Write "key: value", with a colon and a space after the key.',
  ],
};

function syntaxFinding(error: YAMLError): Finding {
  const [start, end] = error.pos;
  const [message, fix] = syntaxAdvice[error.code] ?? [
    lowerFirst(error.message.split('\n')[0] ?? 'this is not YAML'),
    'Correct the line, or compare it with the template.',
  ];
  return {
    severity: 'error',
    code: `yaml_${error.code.toLowerCase()}`,
    path: [],
    span: { start, end: Math.max(end, start + 1) },
    message: `this is not valid YAML: ${message}`,
    fix,
  };
}

function severalDocuments(second: Document.Parsed): Finding {
  const start = second.contents?.range[0] ?? second.range[0];
  return {
    severity: 'error',
    code: 'yaml_several_documents',
    path: [],
    span: { start, end: start + 1 },
    message: 'a second YAML document begins here',
    why: 'A line of three dashes ends one document and begins the next; only one is read.',
    fix: 'Remove the line "---" and what belongs to the other document.',
  };
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}

export function entryAt(root: YamlNode | undefined, path: Path): YamlEntry | undefined {
  const parent = nodeAt(root, path.slice(0, -1));
  const last = path.at(-1);
  return parent?.kind === 'map' && typeof last === 'string' ? parent.entries.get(last) : undefined;
}

export function nodeAt(root: YamlNode | undefined, path: Path): YamlNode | undefined {
  let node = root;
  for (const step of path) {
    if (node?.kind === 'map') node = node.entries.get(String(step))?.value;
    else if (node?.kind === 'list' && typeof step === 'number') node = node.items[step];
    else return undefined;
  }
  return node;
}

/** Where to point for this path: the value, else its key, else the nearest thing around it. */
export function spanOf(root: YamlNode | undefined, path: Path, atKey = false): Span {
  for (let length = path.length; length >= 0; length -= 1) {
    const part = path.slice(0, length);
    const entry = entryAt(root, part);
    const node = nodeAt(root, part);
    if (node !== undefined && node.end > node.start && !atKey && length === path.length)
      return node;
    if (entry !== undefined) return entry.key;
    if (node?.kind === 'list' || node?.kind === 'map') {
      if (length > 0) return { start: node.start, end: node.start + 1 };
    } else if (node !== undefined) return node;
  }
  return { start: 0, end: 1 };
}

/** The text at a path; undefined when there is none, or it is empty or something else. */
export function textAt(root: YamlNode | undefined, path: Path): string | undefined {
  const node = nodeAt(root, path);
  if (node?.kind !== 'scalar' || node.type !== 'text' || node.source === '') return undefined;
  return node.source;
}
