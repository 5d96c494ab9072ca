import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type DebianProgram, debianProgram } from '../../scripts/debian.mjs';
import { type Collector, type CollectorTls, type LifeFiles, startCollector } from './collector.ts';

export const debianSyslogNg = (): DebianProgram =>
  debianProgram(['syslog-ng-core'], 'usr/sbin/syslog-ng');

/** syslog-ng with its network() source, storing each message as it came. */
export function startSyslogNg(tls?: CollectorTls): Promise<Collector> {
  const debian = debianSyslogNg();
  const libraries = join(debian.root, 'usr', 'lib', 'syslog-ng');
  const version = readdirSync(libraries).find((name) => /^\d+\.\d+$/.test(name));
  if (version === undefined) throw new Error(`There is no folder of modules in ${libraries}.`);
  return startCollector({
    debian,
    protocol: 'tcp',
    ...(tls && { files: { 'ca.pem': tls.ca, 'cert.pem': tls.cert, 'key.pem': tls.key } }),
    config: (files) => configText(files, version, tls),
    args: ({ config, folder }) => [
      ...['--foreground', '--no-caps', '--cfgfile', config],
      ...['--module-path', join(libraries, version)],
      ...['--persist-file', join(folder, 'persist')],
      ...['--pidfile', join(folder, 'syslog-ng.pid')],
      ...['--control', join(folder, 'syslog-ng.ctl')],
    ],
  });
}

function configText(files: LifeFiles, version: string, tls: CollectorTls | undefined): string {
  const { folder, port, stored } = files;
  const verify = tls?.clientsToo === true ? 'required-trusted' : 'optional-untrusted';
  const pem = (name: string): string => `${name}-file("${join(folder, `${name}.pem`)}")`;
  const transport =
    tls === undefined
      ? 'transport("tcp")'
      : `transport("tls") tls(${pem('key')} ${pem('cert')} ${pem('ca')} peer-verify(${verify}))`;
  return `@version: ${version}
options { keep-hostname(yes); use-dns(no); stats-freq(0); };
source net {
  network(ip("127.0.0.1") port(${port}) ${transport} flags(no-parse) log-msg-size(65536));
};
destination file { file("${stored}" template("\${MESSAGE}\\n")); };
log { source(net); destination(file); flags(flow-control); };
`;
}
