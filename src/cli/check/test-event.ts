import { isoTime } from '../../core/iso-time.ts';
import type { EventProfile, JsonObject, LogEvent } from '../../core/types.ts';

/** How formats write the event that `check --send-test` sends. */
export const testProfile: EventProfile = {
  eventType: 'duologsync_test',
  labelled: true,
  classify: () => ({ id: 'duologsync.test', name: 'duologsync test event', severity: 1 }),
  facts: [
    { means: 'time', read: ({ timestamp_ms: timeMs }) => timeMs },
    { means: 'eventId', read: ({ test_id: id }) => id },
    { means: 'message', read: ({ message }) => message },
  ],
};

/** Says in plain words what it is, for whoever finds it in the SIEM. */
export function testEvent(id: string, timeMs: number, sender: string): LogEvent {
  const body: JsonObject = {
    message: `Test event ${id} of duologsync on ${sender}: somebody ran "duologsync check --send-test". Nothing happened at Duo.`,
    test_id: id,
    timestamp: Math.floor(timeMs / 1000),
    isotimestamp: isoTime(timeMs).replace('Z', '+00:00'),
  };
  const source = Buffer.from(JSON.stringify(body));
  return { id, timeMs, source, body: { ...body, timestamp_ms: timeMs } };
}
