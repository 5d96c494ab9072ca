import { spawnSync } from 'node:child_process';
import { chmodSync, writeFileSync } from 'node:fs';
import { readFile, readdir } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { startDuo } from '../../src/simulator/duo-server.ts';
import { startTcpReceiver } from '../../src/simulator/siem.ts';
import { forward, makeWorkplace, until } from '../helpers/program.ts';
import { deployed, programOf } from './files.ts';

const logrotateProgram = () => programOf('logrotate', ['logrotate'], 'usr/sbin/logrotate');
// What unpacks holds this process, and a Duo or a program that runs meanwhile would wait for it.
beforeAll(() => void logrotateProgram(), 600_000);

it('the logrotate snippet moves the log away and the program begins a new one, no line lost', async () => {
  const duo = await startDuo({ visibleDelayMs: 0 });
  const siem = await startTcpReceiver();
  const server = { id: 'siem', protocol: 'TCP', port: siem.port, endpoints: ['auth'] } as const;
  const workplace = await makeWorkplace(duo, [server]);
  const program = forward(workplace);
  try {
    await until('the start', async () => (await workplace.log()).includes('duologsync starts'));
    const { folder } = workplace;
    // systemctl is another here: it does with the program what systemd would do.
    const systemctl = join(folder, 'systemctl');
    const line = 'kill --kill-who=main --signal=HUP duologsync.service';
    writeFileSync(
      systemctl,
      `#!/bin/sh\ntest "$*" = "${line}" && kill -HUP ${program.process.pid ?? 0}\n`,
    );
    chmodSync(systemctl, 0o755);
    const who = userInfo();
    const group = spawnSync('id', ['-gn'], { encoding: 'utf8' }).stdout.trim();
    const config = join(folder, 'logrotate.conf');
    writeFileSync(
      config,
      deployed('duologsync.logrotate')
        .replace('/var/log/duologsync/duologsync.log', workplace.logFile)
        .replace('su duologsync duologsync', `su ${who.username} ${group}`),
      { mode: 0o600 },
    );
    const { program: logrotate, env } = logrotateProgram();
    const ran = spawnSync(
      logrotate,
      ['--force', '--state', join(folder, 'logrotate.state'), config],
      {
        env: { ...env, PATH: `${folder}:${process.env['PATH'] ?? ''}` },
        encoding: 'utf8',
      },
    );
    expect({ code: ran.status, said: ran.stderr }).toEqual({ code: 0, said: '' });
    expect(await readFile(`${workplace.logFile}.1`, 'utf8')).toContain('duologsync starts');
    expect(await program.kill('SIGTERM')).toBe(0);
    expect(await workplace.log()).toContain('duologsync has stopped');
    expect(await workplace.log()).not.toContain('duologsync starts');
    expect(
      (await readdir(folder)).filter((name) => name.startsWith('duologsync.log')).sort(),
    ).toEqual(['duologsync.log', 'duologsync.log.1']);
  } finally {
    await program.kill('SIGKILL');
    await Promise.all([duo.close(), siem.stop()]);
    await workplace.remove();
  }
});
