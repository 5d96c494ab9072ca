import type { EndpointName } from './endpoints.ts';

/** What a made-up row is made of. */
export interface RowParts {
  readonly number: number;
  readonly serial: string;
  readonly id: string;
  readonly timeUs: number;
  /** When the state changed; undefined while it is new. */
  readonly changedAtMs?: number;
  /** Filler is added until the text has about this length. */
  readonly bodyBytes: number;
}

/** One row as JSON text, of the shape and about the size that Duo sends. */
export function rowText(endpoint: EndpointName, parts: RowParts): string {
  const { bodyBytes } = parts;
  const short = makers[endpoint](parts, '');
  const missing = bodyBytes - Buffer.byteLength(short);
  return missing > 0 ? makers[endpoint](parts, 'x'.repeat(missing)) : short;
}

const makers: Readonly<Record<EndpointName, (parts: RowParts, filler: string) => string>> = {
  auth: authText,
  activity: activityText,
  telephony: telephonyText,
  adminaction: adminText,
  offline_enrollment: offlineText,
  trustmonitor: monitorText,
};

// Raw and escaped, short and long: what a byte-exact reader has to leave alone.
const cities = [
  'Ann Arbor',
  'Leeds',
  'K\u00f6ln',
  'Z\\u00fcrich',
  '\u6771\u4eac',
  'Austin',
  'Oslo',
];
const devices = [
  'Work phone',
  'Ada\u2019s iPhone',
  'Pixel \\ud83d\\udcf1',
  'Tablet \ud83d\udd10',
  'Desk',
];
const factors = ['duo_push', 'phone_call', 'u2f_token', 'sms_passcode', 'hardware_token'];
const reasons = ['user_approved', 'valid_passcode', 'no_response', 'user_cancelled'];

function authText({ number: n, serial, id, timeUs }: RowParts, filler: string): string {
  const granted = n % 9 !== 0;
  const location = locationText(n);
  return (
    `{"access_device":{"browser":"Chrome","browser_version":"128.0.${n % 7000}.84",` +
    `"epkey":"EPSIMULATOR000000000","flash_version":"uninstalled","hostname":null,` +
    `"ip":"198.51.100.${n % 250}","is_encryption_enabled":${n % 5 === 0 ? '"unknown"' : 'true'},` +
    `"is_firewall_enabled":true,"is_password_set":true,"java_version":"uninstalled",` +
    `"location":${location},"os":"Mac OS X","os_version":"14.5","security_agents":[]},` +
    `"adaptive_trust_assessments":{},"alias":"","application":{"key":"DISIMULATOR000000000",` +
    `"name":"VPN \\/ remote"},"auth_device":{"ip":"203.0.113.${n % 250}",` +
    `"key":"DPSIMULATOR000000000","location":${location},"name":"${pick(devices, n)}"},` +
    `"email":"${serial}@example.com","event_type":"authentication","factor":"${pick(factors, n)}",` +
    `"isotimestamp":"${isoOf(timeUs)}","ood_software":${n % 13 === 0 ? '""' : 'null'},` +
    `"reason":"${granted ? pick(reasons.slice(0, 2), n) : pick(reasons.slice(2), n)}",` +
    `"result":"${granted ? 'success' : 'denied'}","timestamp":${Math.floor(timeUs / 1_000_000)},` +
    `"trusted_endpoint_status":"not trusted","txid":"${id}","user":{"groups":["Staff"` +
    `${filler === '' ? '' : `,"${filler}"`}],"key":"DUSIMULATOR000000000","name":"${serial}"}}`
  );
}

function activityText({ number: n, serial, id, timeUs }: RowParts, filler: string): string {
  const details = `{\\"role\\": \\"Owner\\", \\"note\\": \\"${filler}\\"}`;
  return (
    `{"access_device":${n % 3 === 0 ? 'null' : accessText(n)},` +
    `"action":{"details":null,"name":"${pick(['user_update', 'admin_login', 'group_create'], n)}"},` +
    `"activity_id":"${id}","actor":{"details":"${details}","key":"DESIMULATOR000000000",` +
    `"name":"${serial}","type":"admin"},"akey":"DASIMULATOR000000000","application":null,` +
    `"old_target":null,"outcome":${n % 4 === 0 ? 'null' : '{"result":"SUCCESS"}'},` +
    `"target":{"details":"{}","key":"DUSIMULATOR000000000","name":"${pick(cities, n)}",` +
    `"type":"user"},"ts":"${isoOf(timeUs)}"}`
  );
}

function telephonyText({ number: n, serial, id, timeUs }: RowParts, filler: string): string {
  const context = pick(['authentication', 'enrollment', 'verify', 'administrator login'], n);
  return (
    `{"context":"${context}${filler}","credits":${n % 3},"phone":"${serial}",` +
    `"telephony_id":"${id}","ts":"${isoOf(timeUs)}",` +
    `"txid":"${id.slice(9)}","type":"${n % 2 === 0 ? 'sms' : 'phone'}"}`
  );
}

function adminText({ number: n, serial, timeUs }: RowParts, filler: string): string {
  const action = pick(['admin_login', 'user_update', 'integration_create'], n);
  const json = `"{\\"ip_address\\": \\"192.0.2.${n % 250}\\", \\"note\\": \\"${filler}\\"}"`;
  const description = n % 5 === 0 && filler === '' ? 'null' : json;
  return (
    `{"action":"${action}","description":${description},"isotimestamp":"${secondOf(timeUs)}",` +
    `"object":${n % 4 === 0 ? 'null' : `"${pick(cities, n)}"`},` +
    `"timestamp":${Math.floor(timeUs / 1_000_000)},"username":"${serial}"}`
  );
}

function offlineText({ number: n, serial, timeUs }: RowParts, filler: string): string {
  const action = pick(['o2fa_user_provisioned', 'o2fa_user_reenrolled'], n);
  return (
    `{"action":"${action}","description":"{\\"user_agent\\": \\"DuoCredProv\\/4.2${filler}\\", ` +
    `\\"hostname\\": \\"pc-${n % 90}\\", \\"factor\\": \\"duo_otp\\"}",` +
    `"isotimestamp":"${secondOf(timeUs)}","object":"Windows logon",` +
    `"timestamp":${Math.floor(timeUs / 1_000_000)},"username":"${serial}"}`
  );
}

/** The three kinds of event in turn; the state follows from whether it has changed. */
function monitorText(parts: RowParts, filler: string): string {
  const { number: n, serial, id, timeUs, changedAtMs } = parts;
  const about = [
    `"surfaced_auth":{"access_device":${accessText(n)},"application":{"key":` +
      `"DISIMULATOR000000000","name":"VPN"},"factor":"${pick(factors, n)}","isotimestamp":` +
      `"${isoOf(timeUs - 60_000_000)}","reason":"location_restricted","result":"denied",` +
      `"timestamp":${Math.floor(timeUs / 1_000_000) - 60},"user":{"groups":[],"key":` +
      `"DUSIMULATOR000000000","name":"${serial}"}},"type":"auth"`,
    `"bypass_status_enabled":${Math.floor(timeUs / 1000) - 9},"enabled_by":{"key":` +
      `"DESIMULATOR000000000","name":"Admin"},"enabled_for":{"key":"DUSIMULATOR000000000",` +
      `"name":"${serial}"},"type":"bypass_status"`,
    `"from_new_user":${n % 2 === 0},"type":"device_registration"`,
  ];
  return (
    `{"explanations":[{"summary":"${serial} is new here.${filler}","type":"NEW_NETBLOCK"}],` +
    `"priority_event":${n % 4 === 0},"priority_reasons":[{"label":"NZ","type":"country"}],` +
    `"sekey":"${id}","state":"${changedAtMs === undefined ? 'new' : 'processed'}",` +
    `"state_updated_timestamp":${changedAtMs ?? 'null'},` +
    `"surfaced_timestamp":${Math.floor(timeUs / 1000)},"triaged_as_interesting":false,` +
    `${pick(about, n)}}`
  );
}

function accessText(n: number): string {
  return (
    `{"browser":"Firefox","browser_version":"130.${n % 90}","epkey":null,` +
    `"ip":{"address":"198.51.100.${n % 250}"},"location":${locationText(n)},` +
    `"os":"Windows","os_version":"11"}`
  );
}

function locationText(n: number): string {
  return `{"city":"${pick(cities, n)}","country":"United States","state":"Michigan"}`;
}

function pick(choices: readonly string[], n: number): string {
  return choices[n % choices.length] ?? '';
}

/** `YYYY-MM-DDTHH:MM:SS.ffffff+00:00`, as v2 logs spell it. */
function isoOf(timeUs: number): string {
  const fraction = String(timeUs % 1_000_000).padStart(6, '0');
  return `${new Date(Math.floor(timeUs / 1000)).toISOString().slice(0, 19)}.${fraction}+00:00`;
}

/** `YYYY-MM-DDTHH:MM:SS+00:00`, as v1 logs spell it. */
function secondOf(timeUs: number): string {
  return `${new Date(Math.floor(timeUs / 1000)).toISOString().slice(0, 19)}+00:00`;
}
