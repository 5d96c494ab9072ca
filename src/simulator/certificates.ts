import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { isIP } from 'node:net';
import type { Clock } from '../core/clock.ts';
import * as der from './der.ts';

/** A leaf certificate's wishes; without validity it began yesterday and lasts 90 days. */
export interface LeafRequest {
  /** DNS names or IP addresses, all of them in subjectAltName; the first is the common name too. */
  readonly names: readonly string[];
  readonly validFromMs?: number;
  readonly validToMs?: number;
  /** For a client's certificate instead of a server's. */
  readonly client?: boolean;
}

export interface IssuedCertificate {
  readonly certPem: string;
  readonly keyPem: string;
}

/** A certificate authority that lives in memory; no two share a serial number or key id. */
export interface Authority {
  readonly certPem: string;
  issue(request: LeafRequest): IssuedCertificate;
}

export interface AuthorityOptions {
  readonly name?: string;
  readonly clock?: Pick<Clock, 'nowMs'>;
}

const dayMs = 86_400_000;

/** Makes a self-signed authority on a fresh P-256 key (RFC 5280). */
export function createAuthority(options: AuthorityOptions = {}): Authority {
  const nowMs = (): number => options.clock?.nowMs() ?? Date.now();
  const name = distinguishedName(options.name ?? 'duologsync simulator authority');
  const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const key = { name, privateKey: keys.privateKey, keyId: keyIdOf(keys.publicKey) };
  const certPem = certificate(key, {
    subject: name,
    publicKey: keys.publicKey,
    fromMs: nowMs() - dayMs,
    toMs: nowMs() + 365 * dayMs,
    extensions: [
      extension('2.5.29.19', true, der.sequence(der.boolean(true))),
      // keyCertSign and cRLSign: bits 5 and 6.
      extension('2.5.29.15', true, der.bitString(Buffer.from([0x06]), 1)),
    ],
  });
  return {
    certPem,
    issue(request) {
      const leaf = generateKeyPairSync('ec', { namedCurve: 'P-256' });
      return {
        keyPem: leaf.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
        certPem: certificate(key, {
          subject: distinguishedName(request.names[0] ?? 'nameless'),
          publicKey: leaf.publicKey,
          fromMs: request.validFromMs ?? nowMs() - dayMs,
          toMs: request.validToMs ?? nowMs() + 90 * dayMs,
          extensions: leafExtensions(request),
        }),
      };
    },
  };
}

interface Issuer {
  readonly name: Buffer;
  readonly privateKey: KeyObject;
  readonly keyId: Buffer;
}

interface Subject {
  readonly subject: Buffer;
  readonly publicKey: KeyObject;
  readonly fromMs: number;
  readonly toMs: number;
  readonly extensions: readonly Buffer[];
}

function leafExtensions(request: LeafRequest): Buffer[] {
  const purpose = request.client === true ? '1.3.6.1.5.5.7.3.2' : '1.3.6.1.5.5.7.3.1';
  return [
    extension('2.5.29.19', true, der.sequence()),
    // digitalSignature: bit 0.
    extension('2.5.29.15', true, der.bitString(Buffer.from([0x80]), 7)),
    extension('2.5.29.37', false, der.sequence(der.oid(purpose))),
    extension('2.5.29.17', false, der.sequence(...request.names.map(generalName))),
  ];
}

function certificate(issuer: Issuer, subject: Subject): string {
  const algorithm = der.sequence(der.oid('1.2.840.10045.4.3.2'));
  const keyIds = [
    extension('2.5.29.14', false, der.octetString(keyIdOf(subject.publicKey))),
    extension('2.5.29.35', false, der.sequence(der.tagged(0, issuer.keyId, false))),
  ];
  const content = der.sequence(
    der.tagged(0, der.integer(Buffer.from([2])), true),
    der.integer(Buffer.concat([Buffer.from([1]), randomBytes(15)])),
    algorithm,
    issuer.name,
    der.sequence(der.time(subject.fromMs), der.time(subject.toMs)),
    subject.subject,
    subject.publicKey.export({ type: 'spki', format: 'der' }),
    der.tagged(3, der.sequence(...subject.extensions, ...keyIds), true),
  );
  const signature = sign('sha256', content, { key: issuer.privateKey, dsaEncoding: 'der' });
  return pem(der.sequence(content, algorithm, der.bitString(signature)));
}

function distinguishedName(commonName: string): Buffer {
  return der.sequence(der.set(der.sequence(der.oid('2.5.4.3'), der.utf8String(commonName))));
}

function extension(id: string, critical: boolean, value: Uint8Array): Buffer {
  const flag = critical ? [der.boolean(true)] : [];
  return der.sequence(der.oid(id), ...flag, der.octetString(value));
}

function keyIdOf(publicKey: KeyObject): Buffer {
  const spki = publicKey.export({ type: 'spki', format: 'der' });
  return createHash('sha256').update(spki).digest().subarray(0, 20);
}

/** GeneralName of RFC 5280 4.2.1.6: iPAddress [7] for addresses, dNSName [2] for the rest. */
function generalName(name: string): Buffer {
  if (isIP(name) === 0) return der.tagged(2, Buffer.from(name), false);
  return der.tagged(7, isIP(name) === 4 ? ipv4Bytes(name) : ipv6Bytes(name), false);
}

function ipv4Bytes(address: string): Buffer {
  return Buffer.from(address.split('.').map(Number));
}

function ipv6Bytes(address: string): Buffer {
  // The URL parser rewrites a dotted tail to hexadecimal groups.
  const plain = new URL(`http://[${address}]`).hostname.slice(1, -1);
  const [head = '', tail = ''] = plain.split('::');
  const before = head.split(':').filter((group) => group !== '');
  const after = tail.split(':').filter((group) => group !== '');
  const zeros = new Array<string>(8 - before.length - after.length).fill('0');
  const groups = [...before, ...zeros, ...after].map((group) => group.padStart(4, '0'));
  return Buffer.from(groups.join(''), 'hex');
}

function pem(bytes: Buffer): string {
  const lines = bytes.toString('base64').match(/.{1,64}/g) ?? [];
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
}
