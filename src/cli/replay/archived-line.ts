import { isUtf8 } from 'node:buffer';
import { Row } from '../../core/row.ts';
import type { JsonObject, Line, LogEvent, Origin } from '../../core/types.ts';
import { messageOf } from '../../core/errors.ts';
import type { Endpoint } from '../../endpoints/endpoint.ts';
import { idOfText } from '../../engine/take-page.ts';
import type { Formatter } from '../../formatters/formatter.ts';

/** From its first millisecond to before its last. */
export interface Stretch {
  readonly sinceMs?: number;
  readonly untilMs?: number;
}

/** Whether the line holds a whole row; a line of any other format is none. */
function isRow(line: Buffer): boolean {
  if (line[0] !== 0x7b || !isUtf8(line)) return false;
  try {
    JSON.parse(line.toString('utf8'));
    return true;
  } catch {
    return false;
  }
}

/**
 * An archived row as the server gets it; undefined when it lies outside of the stretch, a text says why there is
 * none. Labels that the archive added stay, as a key that a row has is never added again.
 */
export function archivedLine(
  bytes: Buffer,
  id: string,
  { endpoint, formatter, origin }: { endpoint: Endpoint; formatter: Formatter; origin: Origin },
  { sinceMs, untilMs }: Stretch,
): Line | string | undefined {
  if (!isRow(bytes)) return 'the line in the archive is damaged';
  const row = new Row(bytes);
  const timeMs = endpoint.timeMs(row);
  if (sinceMs !== undefined || untilMs !== undefined) {
    if (timeMs === undefined) return 'it has no time, so --since and --until cannot tell';
    if (timeMs < (sinceMs ?? 0) || timeMs >= (untilMs ?? Infinity)) return undefined;
  }
  const event: LogEvent = {
    id: endpoint.id(row) ?? idOfText(row, timeMs ?? 0, undefined),
    timeMs: timeMs ?? 0,
    source: bytes,
    get body(): JsonObject {
      return row.body;
    },
  };
  try {
    const line = formatter.format(event, origin, endpoint.profile);
    return { bytes: line, id, timeMs: event.timeMs };
  } catch (error) {
    return `no line can be made of it: ${messageOf(error)}`;
  }
}
