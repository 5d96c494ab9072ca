import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { deployFiles } from '../../scripts/deploy-files.ts';
import { deployed, root } from './files.ts';

describe('the service files for the usual places', () => {
  it.each([...deployFiles().keys()])('%s is fresh; if not: npm run docs', (path) => {
    expect(deployed(path.replace('deploy/', ''))).toBe(deployFiles().get(path));
  });

  it('are each named in the list of the folder', () => {
    const names = readdirSync(join(root, 'deploy')).filter((name) => name !== 'README.md');
    for (const name of names) expect(deployed('README.md')).toContain(`\`${name}\``);
  });
});
