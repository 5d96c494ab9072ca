import { createHash } from 'node:crypto';
import { open, realpath, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import type { ServerConfig } from '../../config/schema.ts';
import { ForwarderError, messageOf } from '../../core/errors.ts';
import type { Account, Line } from '../../core/types.ts';
import { readResent, resentPath, saveResent, type SentUpTo } from '../../dead-letter/resent.ts';
import { wholeLines } from '../../dead-letter/whole-lines.ts';
import { Sender, type SenderTools } from './sender.ts';
import { Tally } from './tally.ts';

export interface DlsFileOptions extends SenderTools {
  readonly state: string;
  readonly file: string;
  readonly to: ServerConfig;
  readonly account: Account;
  readonly dryRun: boolean;
  readonly sender: string;
}

const mostLines = 1_000;
const mostBytes = 1_000_000;
const fingerprintBytes = 4_096;

interface Piece {
  readonly lines: Line[];
  bytes: number;
  /** Where the file goes on behind it. */
  end: number;
}

/**
 * Sends what Duo Log Sync could not send as datagrams and put into a file that it never read again: its lines
 * as it formatted them, one after the other (`<log>_udp_failed_ingestion_logs.txt`, DLS 2.3.0). Remembers how
 * far the server has confirmed. The file is only read. Throws `dls_file_unreadable`.
 */
export async function resendDlsFile(options: DlsFileOptions): Promise<Tally> {
  const tally = new Tally();
  const sender = new Sender(options.to, options);
  try {
    const { path, key, from, size } = await begin(options);
    let piece: Piece = { lines: [], bytes: 0, end: from };
    const flush = async (): Promise<boolean> => {
      const sent = await send(piece, path, key, sender, tally, options);
      piece = { lines: [], bytes: 0, end: piece.end };
      return sent;
    };
    const lines = wholeLines(path, from);
    for (;;) {
      const { done, value } = await lines.next();
      if (done === true && value.length === 0) break;
      if (done === true && isTorn(value)) {
        tally.left('the last line of the file is cut short');
        break;
      }
      const end = piece.end + value.length + (done === true ? 0 : 1);
      const bytes = value.at(-1) === carriageReturn ? value.subarray(0, -1) : value;
      if (bytes.length > 0) piece.lines.push({ bytes, id: String(piece.end), timeMs: 0 });
      piece.bytes += bytes.length;
      piece.end = end;
      if (done === true) break;
      if (piece.lines.length < mostLines && piece.bytes < mostBytes) continue;
      if (!(await flush())) return tally;
    }
    if (piece.end > from || size > from) await flush();
    return tally;
  } catch (error) {
    if (error instanceof ForwarderError) throw error;
    throw new ForwarderError(
      'dls_file_unreadable',
      `${options.file} cannot be read: ${messageOf(error)}`,
      { remedy: 'stop', hint: 'Correct the path, or let this user read it.', cause: error },
    );
  } finally {
    await sender.close();
  }
}

const carriageReturn = 0x0d;

async function begin({ file, to, state }: DlsFileOptions) {
  const path = await realpath(file);
  const { size } = await stat(path);
  const key = `${path} > ${to.id}`;
  const known = (await readResent(resentPath(state))).files.get(key);
  const isSame =
    known !== undefined &&
    known.bytes <= size &&
    (await fingerprint(path, known.bytes)) === known.fingerprint;
  return { path, key, size, from: isSame ? known.bytes : 0 };
}

/** False when it was given up. */
async function send(
  { lines, end }: Piece,
  path: string,
  key: string,
  sender: Sender,
  tally: Tally,
  { state, file, to, account, dryRun, sender: machine, clock }: DlsFileOptions,
): Promise<boolean> {
  if (dryRun) {
    tally.sent(to.id, lines.length);
    return true;
  }
  const endpoint = basename(file).replace(/_udp_failed_ingestion_logs\.txt$/, '');
  const origin = { account, endpoint, sender: machine, sentAtMs: clock.nowMs() };
  const [outcome] = await sender.send([{ feedId: `${endpoint} > ${to.id}`, origin, lines }]);
  if (outcome === undefined) return false;
  tally.sent(to.id, outcome.confirmed.length);
  for (const why of outcome.refused.values()) tally.left(why);
  tally.failure = outcome.failure;
  if (outcome.failure !== undefined) return false;
  const { letters, files } = await readResent(resentPath(state));
  const place: SentUpTo = { bytes: end, fingerprint: await fingerprint(path, end) };
  await saveResent(resentPath(state), { letters, files: new Map(files).set(key, place) });
  return true;
}

/** JSON that ends in the middle; of CEF nobody can tell. */
function isTorn(line: Buffer): boolean {
  if (line[0] !== '{'.charCodeAt(0)) return false;
  try {
    JSON.parse(line.toString('utf8'));
    return false;
  } catch {
    return true;
  }
}

/** Of the bytes before a place. */
async function fingerprint(path: string, end: number): Promise<string> {
  const length = Math.min(end, fingerprintBytes);
  const bytes = Buffer.alloc(length);
  const file = await open(path, 'r');
  try {
    await file.read(bytes, 0, length, end - length);
  } finally {
    await file.close();
  }
  return createHash('sha256').update(bytes).digest('hex').slice(0, 16);
}
