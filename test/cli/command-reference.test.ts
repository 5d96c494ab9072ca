import { describe, expect, it } from 'vitest';
import { commandsPage } from '../../src/cli/command-reference.ts';
import { textOf } from '../repo/sources.ts';
import { duologsync } from './commands/running.ts';

const page = commandsPage();

describe('the command reference', () => {
  it('has a section for every command that the help names, and the groups’ too', async () => {
    const { out } = await duologsync(['--help']);
    const names = Array.from(
      out.matchAll(/^ {2}([a-z][a-z-]+)(?: \[| <| {2})/gm),
      ([, name]) => name,
    );
    expect(names).toContain('status');
    expect(names).toContain('checkpoint');
    for (const name of names.filter((one) => one !== 'help' && one !== 'duologsync'))
      expect([name, page.includes(`\n## duologsync ${name}`)]).toEqual([name, true]);
    for (const name of ['checkpoint set', 'checkpoint export-dls'])
      expect(page).toContain(`\n## duologsync ${name}\n`);
  });

  it('tells arguments and options as the help does, and hides what is for tests alone', () => {
    expect(page).toContain('`duologsync interval <seconds> [config] [options]`: ');
    expect(page).toContain('| `--problems` | show the problems alone |');
    expect(page).not.toContain('--give-up');
  });

  it('leads to what the exit codes mean', () => {
    const [, head] = /\[operations\]\(operations\.md#([a-z-]+)\)/.exec(page) ?? [];
    expect(head).toBe('exit-codes');
    expect(textOf('docs/operations.md')).toContain('\n## Exit codes\n');
    expect(page).not.toContain('README.md#');
  });

  it('leads from its list to every section', () => {
    const links = Array.from(page.matchAll(/\(#(duologsync-[a-z-]+)\)/g), ([, link]) => link);
    const heads = Array.from(page.matchAll(/^## (.+)$/gm), ([, head = '']) =>
      head.replaceAll(' ', '-'),
    );
    expect(links).toEqual(heads);
  });
});
