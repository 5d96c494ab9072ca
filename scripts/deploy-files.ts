import { shawlCommand, windowsWord } from '../src/cli/service/shawl.ts';
import { serviceText } from '../src/cli/service/plan.ts';
import type { ServiceTarget } from '../src/cli/service/target.ts';
import { dashboardText } from './grafana/dashboard.ts';

const common = { writable: [], archives: [], credentials: [], extraCa: undefined };
const linux: ServiceTarget = {
  ...common,
  node: '/usr/bin/node',
  script: '/usr/lib/node_modules/duologsync/dist/src/main.js',
  config: '/etc/duologsync/config.yml',
};
const macos: ServiceTarget = {
  ...common,
  node: '/usr/local/bin/node',
  script: '/usr/local/lib/node_modules/duologsync/dist/src/main.js',
  config: '/Library/Application Support/duologsync/config.yml',
};
const windows: ServiceTarget = {
  ...common,
  node: 'C:\\Program Files\\nodejs\\node.exe',
  script: 'C:\\Program Files\\duologsync\\node_modules\\duologsync\\dist\\src\\main.js',
  config: 'C:\\ProgramData\\duologsync\\config.yml',
};

/** By their path in the project: the service files for the usual places, as `service print` writes them, and the dashboard. */
export function deployFiles(): ReadonlyMap<string, string> {
  const shawl = shawlCommand(windows, 'C:\\ProgramData\\duologsync\\logs');
  return new Map([
    ['deploy/duologsync.service', serviceText('systemd', linux)],
    ['deploy/duologsync.plist', serviceText('launchd', macos)],
    ['deploy/duologsync-task.xml', serviceText('task', windows)],
    ['deploy/shawl.cmd', `${shawl.map(windowsWord).join(' ')}\n`],
    ['deploy/grafana/duologsync.json', dashboardText()],
  ]);
}
