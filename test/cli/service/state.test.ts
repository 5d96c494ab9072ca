import { describe, expect, it } from 'vitest';
import { askManager } from '../../../src/cli/service/state.ts';
import type { Ran } from '../../../src/cli/service/system.ts';
import type { ServiceKind } from '../../../src/cli/service/target.ts';
import { fakeIo } from '../fake-io.ts';
import { fakeSystem } from './fake-system.ts';

async function ask(
  kind: ServiceKind,
  platform: NodeJS.Platform,
  answers: Record<string, Partial<Ran>>,
): Promise<{ code: number; out: string }> {
  const io = fakeIo({ platform });
  const code = await askManager(kind, io, fakeSystem({ answers }));
  return { code, out: io.out() };
}

const none = { code: 1060, stdout: '' };

describe('the state of the service', () => {
  it.each<[string, ServiceKind, NodeJS.Platform, Record<string, Partial<Ran>>, number, string]>([
    ['systemd', 'systemd', 'linux', { systemctl: { stdout: 'active (running)' } }, 0, 'runs'],
    ['systemd', 'systemd', 'linux', { systemctl: { code: 3 } }, 69, 'does not run'],
    ['systemd', 'systemd', 'linux', { systemctl: { code: 4 } }, 69, 'No service'],
    ['no systemd', 'systemd', 'linux', { systemctl: { code: 127 } }, 69, 'No service'],
    [
      'launchd',
      'launchd',
      'darwin',
      { launchctl: { stdout: '\tpid = 7\n\tstate = running\n' } },
      0,
      'runs',
    ],
    [
      'launchd',
      'launchd',
      'darwin',
      { launchctl: { stdout: '\tstate = not running\n' } },
      69,
      'does not run',
    ],
    ['launchd', 'launchd', 'darwin', { launchctl: { code: 113 } }, 69, 'No service'],
    [
      'Shawl',
      'task',
      'win32',
      { 'sc.exe': { stdout: '  STATUS : 4  WIRD AUSGEFÜHRT' } },
      0,
      'runs',
    ],
    [
      'Shawl',
      'task',
      'win32',
      { 'sc.exe': { stdout: '  STATE : 1  STOPPED' } },
      69,
      'does not run',
    ],
    [
      'a task',
      'task',
      'win32',
      { 'sc.exe': none, 'powershell.exe': { stdout: 'state: Running' } },
      0,
      'runs',
    ],
    [
      'a task',
      'task',
      'win32',
      { 'sc.exe': none, 'powershell.exe': { stdout: 'state: Ready' } },
      69,
      'does not run',
    ],
    [
      'a task',
      'task',
      'win32',
      { 'sc.exe': none, 'powershell.exe': { code: 1 } },
      69,
      'No service',
    ],
  ])(
    'under %s (%s, %s, %o) ends with %i and says: %s',
    async (_name, kind, platform, answers, code, text) => {
      const asked = await ask(kind, platform, answers);
      expect(asked.code).toBe(code);
      expect(asked.out).toContain(text);
    },
  );
});
