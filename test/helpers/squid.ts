import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type DebianProgram, debianProgram } from '../../scripts/debian.mjs';
import { type Collector, startCollector } from './collector.ts';

/** Who may use a squid that asks for a login: special characters are what breaks a header or an URL. */
export const squidLogin = {
  user: 'forwarder',
  password: 'a:pass word/+=&%41',
  // Its MD5-crypt (`openssl passwd -1`), one of the forms that squid's own helper reads.
  hash: '$1$duologsy$PuELq3NqJY59CvI/IODpO0',
};

export const debianSquid = (): DebianProgram => debianProgram(['squid'], 'usr/sbin/squid');

/** The real squid as a proxy that passes TLS through, with or without a login. */
export async function startSquid({ login = false } = {}): Promise<Omit<Collector, 'lines'>> {
  const debian = debianSquid();
  const programs = join(debian.root, 'usr', 'lib', 'squid');
  const data = join(debian.root, 'usr', 'share');
  const isRoot = process.getuid?.() === 0;
  // Names its shared memory, which a kill leaves behind and a squid of the same name stumbles over.
  const services: string[] = [];
  const squid = await startCollector({
    debian,
    protocol: 'tcp',
    dropsRights: isRoot,
    files: { passwords: `${squidLogin.user}:${squidLogin.hash}\n` },
    config: ({ folder, port, config }) =>
      [
        `http_port 127.0.0.1:${port}`,
        ...(isRoot ? ['cache_effective_user nobody'] : []),
        'pid_filename none',
        `cache_log ${config}.diagnosis`,
        'access_log none',
        'cache deny all',
        `coredump_dir ${folder}`,
        `unlinkd_program ${join(programs, 'unlinkd')}`,
        `logfile_daemon ${join(programs, 'log_file_daemon')}`,
        'pinger_enable off',
        'netdb_filename none',
        `mime_table ${join(data, 'squid', 'mime.conf')}`,
        `icon_directory ${join(data, 'squid', 'icons')}`,
        `error_directory ${join(data, 'squid-langpack', 'templates')}`,
        'shutdown_lifetime 0 seconds',
        ...(login ? loginLines(programs, folder) : ['http_access allow CONNECT']),
        'http_access deny all',
        '',
      ].join('\n'),
    args: ({ config, port }) => {
      const service = `duologsync${process.pid}x${port}x${services.length}`;
      services.push(service);
      return ['-N', '-n', service, '-f', config];
    },
  });
  return {
    port: squid.port,
    folder: squid.folder,
    said: () => squid.said(),
    crash: () => squid.crash(),
    startAgain: () => squid.startAgain(),
    stop: async () => {
      await squid.stop();
      const left = (await readdir('/dev/shm')).filter((name) =>
        services.some((service) => name.startsWith(`${service}-`)),
      );
      await Promise.all(left.map((name) => rm(join('/dev/shm', name), { force: true })));
    },
  };
}

function loginLines(programs: string, folder: string): string[] {
  return [
    `auth_param basic program ${join(programs, 'basic_ncsa_auth')} ${join(folder, 'passwords')}`,
    'auth_param basic realm proxy',
    'acl known proxy_auth REQUIRED',
    'http_access allow CONNECT known',
  ];
}
