import { configFlag } from '../../config/config-flag.ts';
import { isoTime } from '../../core/iso-time.ts';
import { lettersPath } from '../../dead-letter/dead-letter.ts';
import type { StoredLetter } from '../../dead-letter/letter.ts';
import { readResent, resentPath } from '../../dead-letter/resent.ts';
import { exitCodes, type ExitCode } from '../exit-codes.ts';
import { type Io, say } from '../io.ts';
import { printable, table } from '../table.ts';
import { isNamed, storedLetters } from './stored-letters.ts';
import { noLetter } from './unmatched.ts';

/** Letters of one feed and reason that were not sent again yet. */
interface Kind {
  readonly feed: string;
  readonly endpoint: string;
  readonly account: string | null;
  readonly server: string;
  readonly reason: string;
  count: number;
  firstMs: number;
  lastMs: number;
  readonly example: string;
}

/** How many there are of each kind; no word of their events. */
export async function listLetters(
  state: string,
  config: string,
  isJson: boolean,
  io: Io,
): Promise<ExitCode> {
  const { letters: resent } = await readResent(resentPath(state));
  const kinds = new Map<string, Kind>();
  const seen = new Set(resent);
  let damaged = 0;
  for await (const letter of storedLetters(state)) {
    if (letter === undefined) damaged += 1;
    else if (!seen.has(letter.id)) count(kinds, letter);
    if (letter !== undefined) seen.add(letter.id);
  }
  const found = [...kinds.values()];
  if (isJson) {
    const file = lettersPath(state);
    const list = found.map(({ firstMs, lastMs, ...kind }) => {
      return { ...kind, first: isoTime(firstMs), last: isoTime(lastMs) };
    });
    say(io.stdout, JSON.stringify({ schema_version: 1, file, letters: list, damaged }, null, 2));
    return exitCodes.ok;
  }
  if (damaged > 0) say(io.stdout, `${damaged} lines of ${lettersPath(state)} are damaged.`);
  if (found.length === 0) {
    say(io.stdout, 'No dead letter waits.');
    return exitCodes.ok;
  }
  const rows = found.map((kind) => [
    printable(kind.feed),
    printable(kind.reason),
    String(kind.count),
    isoTime(kind.firstMs),
    isoTime(kind.lastMs),
    kind.example,
  ]);
  say(
    io.stdout,
    table([['FEED', 'REASON', 'COUNT', 'FIRST EVENT', 'LAST EVENT', 'EXAMPLE'], ...rows]),
  );
  say(io.stdout, '');
  for (const reason of new Set(found.map((kind) => kind.reason))) {
    const advice = whatToDo.get(reason);
    if (advice !== undefined) say(io.stdout, `${reason}: ${advice}`);
  }
  say(
    io.stdout,
    `Look at one: duologsync dead-letter list --show ${found[0]?.example ?? ''}${configFlag(config)}`,
  );
  return exitCodes.ok;
}

/** One letter with its event, for whoever asks for it by name. */
export async function showLetter(
  state: string,
  config: string,
  name: string,
  io: Io,
): Promise<ExitCode> {
  const shown = new Set<string>();
  for await (const letter of storedLetters(state)) {
    if (letter === undefined || shown.has(letter.id) || !isNamed(letter, name)) continue;
    shown.add(letter.id);
    say(io.stdout, JSON.stringify(forPeople(letter), null, 2));
  }
  if (shown.size > 0) return exitCodes.ok;
  say(io.stderr, `duologsync: ${noLetter(name, config)}`);
  return exitCodes.usage;
}

const whatToDo: ReadonlyMap<string, string> = new Map([
  [
    'oversize',
    'too long for a UDP datagram. Send them to a TCP or TLS server: duologsync dead-letter resend --reason oversize --to SERVER. Better: let that server take TCP.',
  ],
  [
    'unformattable',
    'no line could be made of them, which is a fault of this program: report it. After an update: duologsync dead-letter resend --reason unformattable.',
  ],
  [
    'refused',
    "the server took all others and not these: see its log. Then: duologsync dead-letter resend --reason refused, with --to SERVER for another server's format.",
  ],
]);

function count(kinds: Map<string, Kind>, letter: StoredLetter): void {
  const { feedId: feed, endpoint, account, serverId: server, reason, timeMs, id } = letter;
  const key = JSON.stringify([feed, reason]);
  const kind = kinds.get(key);
  if (kind === undefined) {
    const whose = { feed, endpoint, account: account.id ?? null, server, reason };
    kinds.set(key, { ...whose, count: 1, firstMs: timeMs, lastMs: timeMs, example: id });
    return;
  }
  kind.count += 1;
  kind.firstMs = Math.min(kind.firstMs, timeMs);
  kind.lastMs = Math.max(kind.lastMs, timeMs);
}

function forPeople({ line, row, timeMs, ...letter }: StoredLetter): object {
  const text = (bytes: Uint8Array | undefined): string | null =>
    bytes === undefined ? null : Buffer.from(bytes).toString('utf8');
  return { ...letter, time: isoTime(timeMs), line: text(line), row: text(row) };
}
