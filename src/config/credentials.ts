import { readYaml } from './yaml-document.ts';
import type { YamlNode } from './yaml-tree.ts';

/** The names of all systemd credentials that a config file names, each once, in the order of the file. */
export function credentialNames(text: string): string[] {
  const names: string[] = [];
  const visit = (node: YamlNode): void => {
    if (node.kind === 'list') node.items.forEach(visit);
    if (node.kind !== 'map') return;
    for (const [key, { value }] of node.entries) {
      visit(value);
      if (!key.endsWith('_credential') || value.kind !== 'scalar') continue;
      // What is no plain name is refused when the secret is read.
      if (/^[\w.@-]+$/.test(value.source)) names.push(value.source);
    }
  };
  const { root } = readYaml(text);
  if (root !== undefined) visit(root);
  return [...new Set(names)];
}
