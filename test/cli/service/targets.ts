import type { ServiceTarget } from '../../../src/cli/service/target.ts';

const rest = { writable: [], archives: [], credentials: [], extraCa: undefined };

export const linuxTarget: ServiceTarget = {
  ...rest,
  node: '/usr/bin/node',
  script: '/usr/lib/node_modules/duologsync/dist/src/main.js',
  config: '/etc/duologsync/config.yml',
};

export const macTarget: ServiceTarget = {
  ...rest,
  node: '/opt/homebrew/bin/node',
  script: '/opt/homebrew/lib/node_modules/duologsync/dist/src/main.js',
  config: '/Library/Application Support/duologsync/config.yml',
};

export const windowsTarget: ServiceTarget = {
  ...rest,
  node: 'C:\\Program Files\\nodejs\\node.exe',
  script: 'C:\\Program Files\\duologsync\\node_modules\\duologsync\\dist\\src\\main.js',
  config: 'C:\\ProgramData\\duologsync\\config.yml',
};
