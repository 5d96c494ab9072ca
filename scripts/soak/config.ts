import { join } from 'node:path';
import type { Siem } from './siem.ts';
import { logs } from './schedule.ts';
import type { World } from './world.ts';

/** How often Duo is read again for late events, in minutes: the least. */
export const rereadMinutes = 1;
/** Longer than any event is late; its ids fill up within a run, so that memory can be judged. */
const lookbackMinutes = 5;

export const caFileIn = (folder: string): string => join(folder, 'ca.pem');

/** Every log goes to every server; the second one gets CEF. */
export function configText(folder: string, { duo, proxy }: World, siems: readonly Siem[]): string {
  const lines = [
    "version: '1.0.0'",
    'dls_settings:',
    `  log_filepath: '${join(folder, 'duologsync.log')}'`,
    '  api:',
    '    offset: 1',
    '    settle_seconds: 0',
    `    reread_minutes: ${rereadMinutes}`,
    `    lookback_minutes: ${lookbackMinutes}`,
    `    ca_filepath: '${caFileIn(folder)}'`,
    '  checkpointing:',
    `    directory: '${join(folder, 'state')}'`,
    ...(proxy === undefined
      ? []
      : ['  proxy:', '    proxy_server: localhost', `    proxy_port: ${proxy.port}`]),
    'servers:',
    ...siems.flatMap(({ id, protocol, port }) => [
      `  - id: ${id}`,
      '    hostname: localhost',
      `    port: ${port}`,
      `    protocol: ${protocol}`,
      `    log_format: ${formatOf(protocol).toUpperCase()}`,
      ...(protocol === 'TCPSSL' ? [`    cert_filepath: '${caFileIn(folder)}'`] : []),
    ]),
    'account:',
    `  ikey: ${duo.account.ikey}`,
    `  skey: ${duo.account.skey}`,
    `  hostname: ${duo.hostname}`,
    ...(proxy === undefined ? [] : ['  is_msp: true']),
    '  endpoint_server_mappings:',
    ...siems.flatMap(({ id }) => [`    - endpoints: [${logs.join(', ')}]`, `      server: ${id}`]),
  ];
  return `${lines.join('\n')}\n`;
}

export function formatOf(protocol: Siem['protocol']): 'json' | 'cef' {
  return protocol === 'TCPSSL' ? 'cef' : 'json';
}
