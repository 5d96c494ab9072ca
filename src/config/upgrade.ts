import { parseDocument } from 'yaml';
import type { Finding } from './problem.ts';
import { upgradeTo1 } from './upgrades/to-1.0.0.ts';
import type { Tell } from './upgrades/to-1.0.0.ts';
import { asSection, dropRepeated } from './upgrades/yaml-edit.ts';
import { currentVersion, hasVersion } from './version.ts';
import { readYaml } from './yaml-document.ts';

export interface Change {
  readonly word: Parameters<Tell>[0];
  readonly what: string;
}

export type UpgradeResult =
  | { readonly kind: 'current'; readonly text: string }
  | { readonly kind: 'upgraded'; readonly text: string; readonly changes: readonly Change[] }
  | { readonly kind: 'refused'; readonly findings: readonly Finding[] };

/**
 * Brings the text of a config to the current version. Comments, order, quotes, line ends and a byte order
 * mark stay as they are. Text that is no YAML, or of a version that is not known, is refused.
 */
export function upgradeConfig(text: string): UpgradeResult {
  const body = text.replace(/^\ufeff/, '');
  const { root, findings } = readYaml(body);
  if (findings.some((finding) => finding.severity === 'error'))
    return { kind: 'refused', findings };
  if (root?.kind !== 'map') return refused('no_settings', 'the file does not hold settings');
  if (hasVersion(root)) {
    const version = root.entries.get('version')?.value;
    if (version?.kind === 'scalar' && version.source === currentVersion)
      return { kind: 'current', text };
    return refused('version_unknown', 'no way is known to upgrade a file of this version');
  }
  const document = parseDocument(spaced(body, findings).replaceAll('\r\n', '\n'), {
    schema: 'failsafe',
    uniqueKeys: false,
    logLevel: 'silent',
  });
  const section = asSection(document.contents);
  if (section === undefined) return refused('no_settings', 'the file does not hold settings');
  const changes: Change[] = [];
  const tell: Tell = (word, what) => void changes.push({ word, what });
  for (const name of dropRepeated(section))
    tell('dropped', `the earlier "${name}", which is written twice; the last one counts`);
  upgradeTo1(section, tell);
  const upgraded = document.toString({
    lineWidth: 0,
    flowCollectionPadding: false,
    indent: indentOf(body),
  });
  return { kind: 'upgraded', text: likeBefore(upgraded, text), changes };
}

function refused(code: string, message: string): UpgradeResult {
  const fix = 'Check that this is a config of Duo Log Sync, or begin with the template.';
  const path = code === 'version_unknown' ? ['version'] : [];
  return { kind: 'refused', findings: [{ severity: 'error', code, path, message, fix }] };
}

/** Comments get the space before them that the YAML writer insists on. */
function spaced(text: string, findings: readonly Finding[]): string {
  const places = findings.flatMap(({ code, span }) =>
    code === 'comment_without_space' && span !== undefined ? [span.start] : [],
  );
  return places.reduceRight((sum, at) => `${sum.slice(0, at)} ${sum.slice(at)}`, text);
}

function indentOf(text: string): number {
  const width = /^( +)[^\s#-]/m.exec(text)?.[1]?.length ?? 2;
  return width > 8 ? 2 : width;
}

function likeBefore(text: string, before: string): string {
  const ends = before.includes('\r\n') ? text.replaceAll('\n', '\r\n') : text;
  return before.startsWith('\ufeff') ? `\ufeff${ends}` : ends;
}
