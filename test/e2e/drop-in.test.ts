import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { startDuo, type DuoSimulator } from '../../src/simulator/duo-server.ts';
import { makeEvents } from '../../src/simulator/history.ts';
import { startTcpReceiver, type StreamReceiver } from '../../src/simulator/siem.ts';
import { start, stoppedGently, until } from '../helpers/program.ts';

const logs = ['auth', 'telephony', 'activity', 'adminaction'] as const;
type Log = (typeof logs)[number];
const letters = { auth: 'a', telephony: 't', activity: 'c', adminaction: 'm' } as const;

let folder: string;
let duo: DuoSimulator;
let siem: StreamReceiver;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'duologsync-dls-'));
  duo = await startDuo();
  siem = await startTcpReceiver();
  const fromMs = Date.now() - 3_600_000;
  for (const log of logs) {
    const plan = { count: 20, fromMs, stepMs: 60_000, letter: letters[log] };
    duo.add(log, makeEvents(log, plan));
  }
});

afterEach(async () => {
  await Promise.all([duo.close(), siem.stop()]);
  await rm(folder, { recursive: true, force: true });
});

/** As a DLS user has it: nothing in it that DLS 2.3.0 does not know. */
function dlsConfig(): string {
  return `version: '1.0.0'
dls_settings:
  log_filepath: '${join(folder, 'duologsync.log')}'
  log_format: 'JSON'
  api:
    offset: 1
    timeout: 120
  checkpointing:
    enabled: True
    directory: '${join(folder, 'checkpoints')}'
  proxy:
    proxy_server: ''
    proxy_port:
servers:
  - id: 'SIEM'
    hostname: 'localhost'
    port: ${siem.port}
    protocol: 'TCP'
    cert_filepath: ''
account:
  ikey: '${duo.account.ikey}'
  skey: '${duo.account.skey}'
  hostname: '${duo.hostname}'
  endpoint_server_mappings:
    - endpoints: ['auth', 'telephony', 'activity', 'adminaction']
      server: 'SIEM'
  is_msp: False
  block_list: []
`;
}

/** The row that DLS delivered last: the eighth of its log. */
function lastRow(log: Log): { id: string; ms: number; serial: string } {
  const row = duo.ledger(log)[7];
  if (row === undefined) throw new Error('no such row');
  return { id: row.id, ms: Math.floor(row.timeMs), serial: row.serial };
}

async function runUntil(lines: number): Promise<string[]> {
  const config = join(folder, 'config.yml');
  const ca = join(folder, 'ca.pem');
  await writeFile(config, dlsConfig());
  await writeFile(ca, duo.certPem);
  const program = start([config], { NODE_EXTRA_CA_CERTS: ca, TZ: 'America/New_York' });
  try {
    await until(`${lines} lines`, () => siem.lines().length >= lines);
    expect(await program.kill('SIGTERM')).toBe(stoppedGently);
  } finally {
    await program.kill('SIGKILL');
  }
  return siem.lines().map((line) => line.toString('utf8'));
}

it("goes on from DLS's checkpoints, written in New York, with its config unchanged", async () => {
  const checkpoints = join(folder, 'checkpoints');
  await mkdir(checkpoints);
  const auth = lastRow('auth');
  const telephony = lastRow('telephony');
  const activity = lastRow('activity');
  const adminaction = lastRow('adminaction');
  // DLS 2.3.0 took UTC for local time: in New York its files lie hours ahead.
  const offset = new Date(telephony.ms).toLocaleString('en-US', {
    timeZone: 'America/New_York',
    timeZoneName: 'longOffset',
  });
  const hours = Number(/GMT-(\d\d)/.exec(offset)?.[1]);
  const wrong = (ms: number): number => ms + 1 + hours * 3_600_000;
  const files = {
    'auth_checkpoint_data.txt': `["${auth.ms}", "${auth.id}"]\n`,
    'telephony_checkpoint_data.txt': `"${wrong(telephony.ms)},${telephony.id}"\n`,
    'activity_checkpoint_data.txt': `"${wrong(activity.ms)},${activity.id}"\n`,
    'adminaction_checkpoint_data.txt': `${Math.floor(adminaction.ms / 1000) + 1}\n`,
  };
  for (const [name, text] of Object.entries(files)) await writeFile(join(checkpoints, name), text);

  const lines = await runUntil(4 * 12);

  for (const [name, text] of Object.entries(files)) {
    expect(await readFile(join(checkpoints, name), 'utf8')).toBe(text);
  }
  for (const log of logs) {
    const serials = duo.ledger(log).map(({ serial }) => serial);
    const arrived = serials.filter((serial) => lines.some((line) => line.includes(serial)));
    // Rows of v1 have no id: the last second goes once more.
    expect([log, arrived]).toEqual([log, serials.slice(log === 'adminaction' ? 7 : 8)]);
  }
  expect(lines).toHaveLength(4 * 12 + 1);
});

it('begins `offset` days back without a checkpoint, and writes the bytes that DLS writes', async () => {
  const row =
    '{"z":1.50,"b":-0,"a":"\\/ Köln \\u007f","txid":"t-1","big":12345678901234567890,"e":1e16,"z":2,' +
    `"isotimestamp":"${new Date(Date.now() - 7_200_000).toISOString().replace('Z', '+00:00')}"}`;
  duo.add('auth', [row]);
  const lines = await runUntil(81);
  const host = duo.hostname.split(':')[0] ?? '';
  const line = lines.find((text) => text.includes('"t-1"')) ?? '';
  const expected =
    '{"z": 2, "b": 0, "a": "/ K\\u00f6ln \\u007f", "txid": "t-1", "big": 12345678901234567890, "e": 1e+16, ';
  expect(line.slice(0, expected.length)).toBe(expected);
  expect(line.endsWith(`"eventtype": "authentication", "host": "${host}"}`)).toBe(true);
  expect(lines.some((text) => text.includes('"telephony_id"') && text.includes('eventtype'))).toBe(
    false,
  );
});
