import { createPrivateKey, X509Certificate } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { messageOf, systemCode } from '../core/errors.ts';
import type { Secret } from '../core/secret.ts';
import { reasonOf } from './host-files.ts';
import type { HostFiles } from './host-files.ts';
import type { Finding, Path } from './problem.ts';
import { textAt } from './yaml-document.ts';
import type { YamlNode } from './yaml-tree.ts';

const largestPem = 4 * 1_048_576;
const certificateBlock =
  /-----BEGIN (?:TRUSTED )?CERTIFICATE-----[\s\S]*?-----END (?:TRUSTED )?CERTIFICATE-----/g;

type Words = Pick<Finding, 'message' | 'why' | 'fix'>;
const fault = (path: Path, code: string, words: Words): Finding => ({
  severity: 'error',
  code,
  path,
  ...words,
});

/** Whether the certificate and key files that the config names can be read and fit. `passphrases`: one per server. */
export async function certificateFindings(
  root: YamlNode,
  passphrases: readonly (Secret | undefined)[],
  files: HostFiles,
): Promise<Finding[]> {
  const findings: Finding[] = [];
  const ca: Path = ['dls_settings', 'api', 'ca_filepath'];
  if (textAt(root, ca) !== undefined) await readCertificates(root, ca, files, findings);
  for (const [index, passphrase] of passphrases.entries()) {
    const server: Path = ['servers', index];
    if (textAt(root, [...server, 'protocol']) !== 'TCPSSL') continue;
    const trusted = [...server, 'cert_filepath'];
    if (textAt(root, trusted) !== undefined) await readCertificates(root, trusted, files, findings);
    await clientFindings(root, server, passphrase, files, findings);
  }
  return findings;
}

async function readPem(
  root: YamlNode,
  path: Path,
  files: HostFiles,
  findings: Finding[],
): Promise<string | undefined> {
  const file = textAt(root, path) ?? '';
  try {
    const bytes = await files.read(file, largestPem);
    return new TextDecoder('latin1').decode(bytes);
  } catch (error) {
    const home = file.startsWith('~')
      ? ' A path that begins with ~ is not expanded: write it out.'
      : '';
    findings.push(
      fault(path, 'certificate_unreadable', {
        message: `cannot read ${file}: ${reasonOf(error)}`,
        fix: `Correct the path, or let the account that runs the program read the file.${home}`,
      }),
    );
    return undefined;
  }
}

async function readCertificates(
  root: YamlNode,
  path: Path,
  files: HostFiles,
  findings: Finding[],
): Promise<X509Certificate | undefined> {
  const pem = await readPem(root, path, files, findings);
  if (pem === undefined) return undefined;
  const blocks = pem.match(certificateBlock) ?? [];
  const file = textAt(root, path) ?? '';
  if (blocks.length === 0) {
    findings.push(
      fault(path, 'certificate_missing', {
        message: `${file} holds no certificate`,
        why: 'A certificate in PEM form begins with -----BEGIN CERTIFICATE-----.',
        fix:
          pem.charCodeAt(0) === 0x30
            ? `The file is in DER form. Convert it: openssl x509 -inform der -in '${file}' -out cert.pem`
            : 'Name the file with the certificate of the server, or of the authority that signed it.',
      }),
    );
    return undefined;
  }
  const certificates: X509Certificate[] = [];
  for (const [index, block] of blocks.entries()) {
    try {
      certificates.push(new X509Certificate(block));
    } catch {
      findings.push(
        fault(path, 'certificate_broken', {
          message: `certificate ${index + 1} of ${blocks.length} in ${file} cannot be read`,
          fix: 'Copy the file anew; a line is missing or changed.',
        }),
      );
    }
  }
  return certificates[0];
}

async function clientFindings(
  root: YamlNode,
  server: Path,
  passphrase: Secret | undefined,
  files: HostFiles,
  findings: Finding[],
): Promise<void> {
  const certPath = [...server, 'client_cert_filepath'];
  const keyPath = [...server, 'client_key_filepath'];
  const hasCert = textAt(root, certPath) !== undefined;
  const hasKey = textAt(root, keyPath) !== undefined;
  if (hasCert !== hasKey) {
    const [given, missing] = hasCert ? [certPath, keyPath] : [keyPath, certPath];
    const [name, other] = [String(given.at(-1)), String(missing.at(-1))];
    findings.push(
      fault(given, 'client_certificate_half', {
        message: `${name} is given without ${other}`,
        why: 'A certificate is shown by proving that its key is at hand.',
        fix: `Add ${other}; when one file holds both, name it in both settings.`,
      }),
    );
  }
  const certificate = hasCert ? await readCertificates(root, certPath, files, findings) : undefined;
  const pem = hasKey ? await readPem(root, keyPath, files, findings) : undefined;
  if (pem === undefined) return;
  const key = readKey(pem, passphrase, keyPath, textAt(root, keyPath) ?? '', findings);
  if (key === undefined || certificate === undefined || certificate.checkPrivateKey(key)) return;
  findings.push(
    fault(keyPath, 'client_key_wrong', {
      message: 'client_key_filepath does not hold the key of client_cert_filepath',
      why: 'The first certificate of the file must be that of the key.',
      fix: 'Name the key with which the certificate was requested.',
    }),
  );
}

function readKey(
  pem: string,
  passphrase: Secret | undefined,
  path: Path,
  file: string,
  findings: Finding[],
): KeyObject | undefined {
  const given = passphrase?.reveal();
  try {
    return createPrivateKey({
      key: pem,
      format: 'pem',
      ...(given === undefined ? {} : { passphrase: given }),
    });
  } catch (error) {
    const encrypted =
      systemCode(error) === 'ERR_MISSING_PASSPHRASE' ||
      /BEGIN ENCRYPTED|Proc-Type: 4,ENCRYPTED/.test(pem);
    findings.push(
      encrypted
        ? fault(path, 'client_key_encrypted', {
            message:
              passphrase === undefined
                ? `the key in ${file} is encrypted`
                : `the passphrase does not open the key in ${file}`,
            fix: 'Write the passphrase into client_key_passphrase, or its file into client_key_passphrase_file.',
          })
        : fault(path, 'client_key_broken', {
            message: `${file} holds no private key: ${messageOf(error)}`,
            fix: 'Name a file with a private key in PEM form, which begins with -----BEGIN PRIVATE KEY-----.',
          }),
    );
    return undefined;
  }
}
