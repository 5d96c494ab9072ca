import type { JsonValue } from '../../core/types.ts';
import { ask } from '../ask.ts';
import { exitCodes, type ExitCode } from '../exit-codes.ts';
import { type Io, say } from '../io.ts';
import { printable } from '../table.ts';
import { counted, grouped } from '../units.ts';

interface Options {
  readonly json?: boolean;
}

const mostNamed = 20;

/** Lets the running program read its config anew; a wrong one changes nothing and exits with 78. */
export async function reload(
  given: string | undefined,
  options: Options,
  io: Io,
): Promise<ExitCode> {
  const answer = await ask(given, { do: 'reload' }, io);
  if (answer.exit !== undefined) return answer.exit;
  const { result, place } = answer;
  if (options.json === true) {
    say(io.stdout, JSON.stringify(result));
    return exitCodes.ok;
  }
  const { started, restarted, stopped, unchanged } = result;
  const changed = Object.entries({ started, restarted, stopped }).flatMap(([what, feeds]) =>
    namesOf(feeds).map((feed) => `${what.padEnd(9)}  ${printable(feed)}`),
  );
  for (const line of changed.slice(0, mostNamed)) say(io.stdout, line);
  if (changed.length > mostNamed) say(io.stdout, `and ${changed.length - mostNamed} more`);
  const [now, rest] = [counted(changed.length, 'feed'), grouped(Number(unchanged ?? 0))];
  say(io.stdout, `Reloaded ${place.configFile}: ${now} changed, ${rest} undisturbed.`);
  const later = namesOf(result['needs_restart']);
  if (later.length > 0) say(io.stdout, `Only after a restart: ${later.map(printable).join(', ')}`);
  return exitCodes.ok;
}

/** Lets the running program open its log anew, as SIGHUP does where there are signals. */
export async function reopenLogs(
  given: string | undefined,
  _options: Options,
  io: Io,
): Promise<ExitCode> {
  const answer = await ask(given, { do: 'reopen-logs' }, io);
  if (answer.exit !== undefined) return answer.exit;
  say(io.stdout, 'The log is opened anew.');
  return exitCodes.ok;
}

function namesOf(feeds: JsonValue | undefined): string[] {
  return Array.isArray(feeds) ? feeds.map(String) : [];
}
