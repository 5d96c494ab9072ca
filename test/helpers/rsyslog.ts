import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type DebianProgram, debianProgram } from '../../scripts/debian.mjs';
import { type Collector, type CollectorTls, type LifeFiles, startCollector } from './collector.ts';

export interface RsyslogOptions {
  readonly input?: 'imtcp' | 'imptcp' | 'imudp';
  readonly tls?: CollectorTls & { readonly driver: 'gtls' | 'ossl' };
  /** A liblognorm rule base; what it read follows each stored line after a TAB, as JSON. */
  readonly rulebase?: string;
}

export const debianRsyslog = (): DebianProgram =>
  debianProgram(['rsyslog', 'rsyslog-gnutls', 'rsyslog-openssl'], 'usr/sbin/rsyslogd');

/** rsyslogd as its manual sets it up for one input, storing each message as it came. */
export function startRsyslog(options: RsyslogOptions = {}): Promise<Collector> {
  const { input = 'imtcp', tls, rulebase } = options;
  const debian = debianRsyslog();
  const modules = folderWith(join(debian.root, 'usr', 'lib'), 'lmnet.so');
  return startCollector({
    debian,
    protocol: input === 'imudp' ? 'udp' : 'tcp',
    files: {
      ...(tls && { 'ca.pem': tls.ca, 'cert.pem': tls.cert, 'key.pem': tls.key }),
      ...(rulebase !== undefined && { rulebase }),
    },
    config: (files) => [...globals(files, tls), ...store(files, input, options)].join('\n') + '\n',
    args: ({ config, folder }) => {
      return ['-n', '-f', config, '-M', modules, '-i', join(folder, 'rsyslogd.pid')];
    },
  });
}

function globals({ folder, config }: LifeFiles, tls: RsyslogOptions['tls']): string[] {
  const driver = 'defaultNetstreamDriver';
  const pem = (kind: string, name: string): string =>
    `global(${driver}${kind}File="${join(folder, `${name}.pem`)}")`;
  return [
    // A Duo event can be longer than the 8 kB of the default.
    `global(workDirectory="${folder}" maxMessageSize="64k")`,
    ...(tls === undefined
      ? []
      : [
          `global(${driver}="${tls.driver}")`,
          ...[pem('CA', 'ca'), pem('Cert', 'cert'), pem('Key', 'key')],
        ]),
    `action(type="omfile" file="${config}.diagnosis")`,
  ];
}

function store(
  { folder, port, stored }: LifeFiles,
  input: 'imtcp' | 'imptcp' | 'imudp',
  { tls, rulebase }: RsyslogOptions,
): string[] {
  const driver =
    tls === undefined
      ? ''
      : ` streamDriver.name="${tls.driver}" streamDriver.mode="1"` +
        ` streamDriver.authMode="${tls.clientsToo ? 'x509/certvalid' : 'anon'}"`;
  // What it has no room for while it gets no processor is lost, and only our pace is under test. More than
  // the system's limit is root's to ask.
  const isRoomy = input === 'imudp' && process.getuid?.() === 0;
  const buffer = isRoomy ? ' rcvbufSize="1m"' : '';
  const normalize = `action(type="mmnormalize" ruleBase="${join(folder, 'rulebase')}" useRawMsg="on")`;
  return [
    `module(load="${input}"${driver})`,
    ...(rulebase === undefined ? [] : ['module(load="mmnormalize")']),
    `template(name="raw" type="string" string="%rawmsg%${rulebase === undefined ? '' : '\\t%$!%'}\\n")`,
    'ruleset(name="store") {',
    ...(rulebase === undefined ? [] : [normalize]),
    `action(type="omfile" file="${stored}" template="raw")`,
    '}',
    `input(type="${input}" address="127.0.0.1" port="${port}" ruleset="store"${buffer})`,
  ];
}

/** The folder's name holds the machine's architecture. */
function folderWith(below: string, name: string): string {
  const found = readdirSync(below, { recursive: true, withFileTypes: true }).find(
    (entry) => entry.name === name,
  );
  if (found === undefined) throw new Error(`There is no ${name} below ${below}.`);
  return found.parentPath;
}
