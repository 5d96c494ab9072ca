import { isIPv4 } from 'node:net';
import type {
  EventProfile,
  Fact,
  FurtherMeaning,
  JsonObject,
  JsonValue,
  Meaning,
  Origin,
  TypedSlot,
} from '../core/types.ts';
import { splitAddress } from './cef-address.ts';
import { cefValue, plainText } from './cef-escape.ts';

type Key = readonly [key: string, limit: number];
type TextMeaning = Exclude<Meaning | FurtherMeaning, 'time' | 'clientIp' | 'accountId'>;

/** CEF's key of each meaning, with its longest value in code points (CEF standard, dictionary). */
const keys: Readonly<Record<TextMeaning, Key>> = {
  action: ['act', 63],
  outcome: ['outcome', 63],
  reason: ['reason', 1023],
  eventId: ['externalId', 40],
  clientHost: ['shost', 1023],
  actor: ['suser', 1023],
  actorId: ['suid', 1023],
  actorKind: ['spriv', 1023],
  user: ['duser', 1023],
  userId: ['duid', 1023],
  application: ['destinationServiceName', 1023],
  clientSoftware: ['requestClientApplication', 1023],
  link: ['request', 1023],
  message: ['msg', 1023],
};

const slots: Readonly<Record<TypedSlot['holds'], Key>> = {
  text: ['cs', 4000],
  note: ['flexString', 1023],
  number: ['cn', 20],
  time: ['deviceCustomDate', 20],
};

/** All facts of the event in the endpoint's order, after what every event has; each key once, its label first. */
export function improvedPairs(
  { eventType, facts }: EventProfile,
  body: JsonObject,
  { account }: Origin,
): string[] {
  const pairs = new Map<string, string>();
  const put = (key: string, value: JsonValue | undefined, limit: number): void => {
    const text = cefValue(value, limit);
    if (text !== undefined) pairs.set(key, text);
  };
  const read = (means: Fact['means']): JsonValue | undefined =>
    facts.find((fact) => fact.means === means)?.read(body);
  putTime(pairs, 'rt', read('time'));
  put('cat', eventType, 1023);
  put('dvchost', account.apiHost.replace(/:\d+$/, ''), 100);
  put('deviceExternalId', account.id ?? read('accountId'), 255);
  for (const { means, read } of facts) {
    if (means === 'time' || means === 'accountId') continue;
    const value = read(body);
    if (means === 'clientIp') putAddress(pairs, plainText(value));
    else if (typeof means === 'object') putSlot(pairs, means, value);
    // Duo writes the word null where a host name is not known.
    else if (means !== 'clientHost' || value !== 'null') put(keys[means][0], value, keys[means][1]);
  }
  const texts: string[] = [];
  for (const [key, value] of pairs) texts.push(`${key}=${value}`);
  return texts;
}

/** `src` is an IPv4 address in CEF, a source's IPv6 address is c6a2 (CEF standard, special mappings). */
function putAddress(pairs: Map<string, string>, text: string): void {
  const { address, port } = splitAddress(text);
  if (address === undefined) {
    const host = cefValue(text, 1023);
    if (host !== undefined) pairs.set('shost', host);
    return;
  }
  if (isIPv4(address)) pairs.set('src', address);
  else pairs.set('c6a2Label', 'Source IPv6 Address').set('c6a2', address);
  if (port !== undefined) pairs.set('spt', String(port));
}

/** A label without its value, or the reverse, makes strict parsers refuse the line. */
function putSlot(
  pairs: Map<string, string>,
  { holds, slot, label }: TypedSlot,
  value: JsonValue | undefined,
): void {
  const [prefix, limit] = slots[holds];
  const typed = holds === 'number' ? wholeNumber(value) : holds === 'time' ? wholeMs(value) : value;
  const text = cefValue(typed, limit);
  const key = `${prefix}${slot}`;
  if (text !== undefined) pairs.set(`${key}Label`, label).set(key, text);
}

function putTime(pairs: Map<string, string>, key: string, value: JsonValue | undefined): void {
  const timeMs = wholeMs(value);
  if (timeMs !== undefined) pairs.set(key, String(timeMs));
}

function wholeMs(value: JsonValue | undefined): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) ? value : undefined;
}

/** A whole number, also for true and false; Duo's "unknown" is none. */
function wholeNumber(value: JsonValue | undefined): number | undefined {
  if (typeof value === 'boolean') return value ? 1 : 0;
  return wholeMs(value);
}
