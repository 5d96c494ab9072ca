import { createAuthority } from '../../src/simulator/certificates.ts';
import { checkSequence, type SequenceReport } from '../../src/simulator/check-sequence.ts';
import { startDuo, type DuoSimulator } from '../../src/simulator/duo-server.ts';
import { makeEvents } from '../../src/simulator/history.ts';
import { startTcpReceiver, startTlsReceiver } from '../../src/simulator/siem.ts';
import { forward, makeWorkplace, type Running, until, type Workplace } from '../helpers/program.ts';

const logs = ['auth', 'telephony', 'activity', 'adminaction'] as const;
const letters = { auth: 'a', telephony: 't', activity: 'c', adminaction: 'm' } as const;

export interface KillOutcome {
  readonly reports: readonly SequenceReport[];
  /** The most repeats that a page per feed and kill allows, for one server. */
  readonly allowedRepeats: number;
  readonly events: number;
  /** How many kills came while something was still on its way. */
  readonly struck: number;
}

/** `kills` times kill -9 at a random moment while `events` events flow to a TCP and a TLS receiver. */
export async function killAtRandom(kills: number, events: number): Promise<KillOutcome> {
  const authority = createAuthority();
  const duo = await startDuo({ authority, visibleDelayMs: 0, latencyMs: 20 });
  const tcp = await startTcpReceiver();
  const tls = await startTlsReceiver({ authority, names: ['localhost'] });
  const workplace = await makeWorkplace(duo, [
    { id: 'tcp', protocol: 'TCP', port: tcp.port, endpoints: logs },
    { id: 'tls', protocol: 'TCPSSL', port: tls.port, endpoints: logs, format: 'CEF' },
  ]);
  const perRound = Math.floor(events / (kills + 1) / logs.length);
  let serial = 1;
  const addRound = (count: number): void => {
    for (const log of logs) {
      const plan = { count, fromMs: Date.now() - 1000, stepMs: 0, firstSerial: serial };
      duo.add(log, makeEvents(log, { ...plan, letter: letters[log] }));
    }
    serial += count;
  };
  // Small pages, so that a round is many steps and a kill strikes between any two of them.
  for (const endpoint of ['auth', 'telephony', 'activity'] as const) {
    duo.faults.push({ kind: 'shortPage', rows: 60, endpoint, when: () => true });
  }
  const sent = (): { serial: string }[] => logs.flatMap((log) => duo.ledger(log));
  const check = (): SequenceReport[] => [
    checkSequence({ sent: sent(), received: tcp.lines(), format: 'json' }),
    checkSequence({ sent: sent(), received: tls.lines(), format: 'cef' }),
  ];
  let allowedRepeats = 0;
  let struck = 0;
  const started: Running[] = [];
  const startProgram = (): Running => {
    const program = forward(workplace);
    started.push(program);
    return program;
  };
  try {
    for (let round = 0; round < kills; round += 1) {
      const from = duo.journal.length;
      addRound(perRound);
      const program = startProgram();
      await until('the first call', () => duo.journal.length > from);
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 900));
      await program.kill('SIGKILL');
      allowedRepeats += largestPages(duo, from);
      if (check().some(({ lost }) => lost.length > 0)) struck += 1;
    }
    addRound(Math.floor(events / logs.length) - perRound * kills);
    const last = startProgram();
    await until(
      'everything to arrive',
      () => check().every((report) => report.lost.length === 0),
      180_000,
    ).catch(() => undefined);
    await last.kill('SIGTERM');
    const incomplete = check().some(({ lost }) => lost.length > 0);
    if (incomplete) await tellWhy(duo, workplace);
    return { reports: check(), allowedRepeats, events: sent().length, struck };
  } finally {
    for (const one of started) await one.kill();
    await Promise.all([duo.close(), tcp.stop(), tls.stop()]);
    await workplace.remove();
  }
}

/** For whoever reads a failure: the program's last words and calls. */
async function tellWhy(duo: DuoSimulator, workplace: Workplace): Promise<void> {
  const log = (await workplace.log()).split('\n').slice(-30);
  const calls = duo.journal.slice(-30).map(({ timeMs, endpoint, params, rows, verdict }) => {
    return `${timeMs} ${endpoint ?? ''} ${JSON.stringify(params)} ${rows} ${verdict}`;
  });
  console.log([...log, ...calls].join('\n'));
}

/** The fullest page of each log since then: what a kill may repeat. */
function largestPages(duo: DuoSimulator, from: number): number {
  const most = new Map<string, number>();
  for (const { endpoint, rows } of duo.journal.slice(from)) {
    if (endpoint !== undefined) most.set(endpoint, Math.max(most.get(endpoint) ?? 0, rows));
  }
  return [...most.values()].reduce((sum, rows) => sum + rows, 0);
}
