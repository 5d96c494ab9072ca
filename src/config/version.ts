import type { Finding } from './problem.ts';
import type { YamlNode } from './yaml-tree.ts';
import { nodeAt } from './yaml-document.ts';

export const currentVersion = '1.0.0';

/** The sections of the format before versions; none of them is left in 1.0.0. */
const oldSections = ['duoclient', 'logs', 'transport', 'recoverFromCheckpoint'];

export function isOldFormat(root: YamlNode | undefined): boolean {
  return (
    root?.kind === 'map' &&
    !hasVersion(root) &&
    oldSections.some((section) => root.entries.has(section))
  );
}

export function hasVersion(root: YamlNode): boolean {
  const node = nodeAt(root, ['version']);
  return node !== undefined && (node.kind !== 'scalar' || node.source !== '');
}

/**
 * What is wrong with the file's version, in words that name the way out. `alone`: nothing else in the file
 * is worth telling, because every key of it has another name.
 */
export function versionFinding(
  root: YamlNode | undefined,
  file: string,
): { readonly finding: Finding; readonly alone: boolean } | undefined {
  if (root?.kind !== 'map') return undefined;
  const base = { severity: 'error', path: ['version'] } as const;
  if (isOldFormat(root)) {
    const first = oldSections.find((section) => root.entries.has(section)) ?? '';
    return {
      alone: true,
      finding: {
        ...base,
        code: 'old_version',
        path: [first],
        atKey: true,
        message: 'this file has the format of Duo Log Sync 1, before configs had a version',
        fix: `Run: duologsync-upgrade-config ${file} NEW, then start with the file NEW.`,
      },
    };
  }
  const node = nodeAt(root, ['version']);
  if (!hasVersion(root) || node === undefined)
    return {
      alone: false,
      finding: {
        ...base,
        code: 'version_missing',
        message: 'version is missing',
        fix: `Add the line: version: '${currentVersion}', or run: duologsync-upgrade-config ${file} NEW`,
      },
    };
  if (node.kind === 'scalar' && node.type === 'text' && node.source === currentVersion)
    return undefined;
  const given = node.kind === 'scalar' ? `'${node.source.slice(0, 20)}'` : `a ${node.kind}`;
  return {
    alone: false,
    finding: {
      ...base,
      code: 'version_unknown',
      message: `version is ${given}; this program reads '${currentVersion}'`,
      why: 'What a setting means in another version is in doubt.',
      fix: `Write version: '${currentVersion}', when the file was made from the template of that version.`,
    },
  };
}
