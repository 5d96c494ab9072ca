import { isReserved, type Placeholder, placeholders, segmentsOf } from './path-template.ts';

export interface TemplateProblem {
  readonly message: string;
  /** A whole sentence: what to change. */
  readonly fix: string;
}

/** What the feeds are that share the template. */
export interface TemplateUse {
  readonly endpoints: number;
  readonly children: boolean;
  /** Files are removed by their date. */
  readonly retention: boolean;
}

const known = placeholders.map((name) => `{${name}}`).join(', ');
const longest = 200;

/** Why this template can not be used, if so: it leaves the directory, is no file name, or lets two feeds meet. */
export function templateProblem(template: string, use: TemplateUse): TemplateProblem | undefined {
  return spelling(template) ?? places(template) ?? dates(template, use) ?? meeting(template, use);
}

function spelling(template: string): TemplateProblem | undefined {
  if (template.length > longest)
    return { message: `it has more than ${longest} characters`, fix: 'Write a shorter one.' };
  if (template.includes('\\'))
    return { message: 'it holds a backslash', fix: 'Write / between folders, on Windows too.' };
  for (const piece of segmentsOf(template).flat()) {
    if (!('text' in piece)) continue;
    const brace = /\{[^{}]*\}|[{}]/.exec(piece.text)?.[0];
    if (brace !== undefined)
      return { message: `'${brace}' is no placeholder`, fix: `The placeholders are ${known}.` };
    const letter = /[<>:"|?*\u0000-\u001f\u007f]/.exec(piece.text)?.[0];
    if (letter !== undefined)
      return {
        message: 'it holds a character that not every system allows in file names',
        fix: 'Leave out < > : " | ? * and control characters.',
      };
  }
  return undefined;
}

function places(template: string): TemplateProblem | undefined {
  if (template.startsWith('/'))
    return {
      message: 'it begins with a slash',
      fix: 'Write it without: it begins below directory.',
    };
  for (const segment of template.split('/')) {
    if (segment === '')
      return {
        message: 'a folder or the file has no name',
        fix: 'Write one name between two slashes, and a file name at the end.',
      };
    if (segment.startsWith('.'))
      return {
        message: `'${segment}' begins with a dot`,
        fix: 'Begin it with another character: the archive stays below directory, and its files can be seen.',
      };
    if (/^ |[ .]$/.test(segment))
      return {
        message: `'${segment}' begins or ends with a space, or ends with a dot`,
        fix: 'Leave that out: Windows forgets it.',
      };
    if (isReserved(segment))
      return {
        message: `'${segment}' is the name of a device on Windows`,
        fix: 'Choose another name.',
      };
  }
  return undefined;
}

function dates(template: string, use: TemplateUse): TemplateProblem | undefined {
  const used = usedIn(template);
  const year = used.has('YYYY') || used.has('YY');
  const wholes: readonly (readonly [Placeholder, boolean, string])[] = [
    ['MM', year, '{YYYY}'],
    ['DD', used.has('MM'), '{MM}'],
    ['HH', used.has('DD'), '{DD}'],
  ];
  for (const [part, whole, missing] of wholes)
    if (used.has(part) && !whole)
      return {
        message: `it has {${part}} but not ${missing}`,
        fix: `Add ${missing}, so that a file holds one stretch of time.`,
      };
  if (use.retention && !year)
    return {
      message: 'it has no date, so retention_days can not tell old files',
      fix: 'Add {YYYY}-{MM}-{DD}, or remove retention_days.',
    };
  return undefined;
}

function meeting(template: string, use: TemplateUse): TemplateProblem | undefined {
  const used = usedIn(template);
  if (use.endpoints > 1 && !used.has('endpoint'))
    return {
      message: 'events of several endpoints would meet in one file',
      fix: 'Add {endpoint}.',
    };
  if (use.children && !used.has('account'))
    return {
      message: 'events of several child accounts would meet in one file',
      fix: 'Add {account}.',
    };
  if (/\{(?:endpoint|account)\}\{(?:endpoint|account)\}/.test(template))
    return {
      message: 'nothing stands between {endpoint} and {account}',
      fix: 'Write a slash or a hyphen between them.',
    };
  return undefined;
}

function usedIn(template: string): ReadonlySet<Placeholder> {
  return new Set(
    segmentsOf(template)
      .flat()
      .flatMap((piece) => ('placeholder' in piece ? [piece.placeholder] : [])),
  );
}
