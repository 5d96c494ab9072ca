import { createPrivateKey, X509Certificate } from 'node:crypto';
import { ForwarderError, messageOf } from '../core/errors.ts';
import type { Machine } from './machine.ts';
import type { ServerOptions } from './sink.ts';

/** PEM text for a TLS connection. */
export interface Material {
  /** Whom to trust; undefined: Node's default trust. */
  readonly ca: readonly string[] | undefined;
  readonly cert: string | undefined;
  readonly key: string | undefined;
}

type Files = Pick<Machine, 'readFile'>;

const certificateBlock =
  /-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----[\s\S]+?-----END (?:TRUSTED |X509 )?CERTIFICATE-----/g;

/**
 * Reads the server's certificate and key files anew, so that a renewed one counts from the next
 * connection on. Throws a ForwarderError that names the file.
 */
export async function readMaterial(server: ServerOptions, files: Files): Promise<Material> {
  const { certFile, clientCertFile, clientKeyFile = clientCertFile } = server;
  const ca = certFile === undefined ? undefined : await certificates(certFile, files);
  if (clientCertFile === undefined || clientKeyFile === undefined)
    return { ca, cert: undefined, key: undefined };
  const cert = (await certificates(clientCertFile, files)).join('\n');
  const key = await read(clientKeyFile, files);
  checkPair(server, cert, key, clientKeyFile);
  return { ca, cert, key };
}

/** How long the certificate is valid that we show: the first of its file. Throws as `readMaterial` does. */
export async function clientCertificateEndMs(path: string, files: Files): Promise<number> {
  const [own = ''] = await certificates(path, files);
  return Date.parse(new X509Certificate(own).validTo);
}

/** Every certificate of a PEM file; whatever else is in it (a key, comments) is left alone. */
async function certificates(path: string, files: Files): Promise<string[]> {
  const text = await read(path, files);
  const found: string[] = text.match(certificateBlock) ?? [];
  if (found.length === 0) {
    throw fileError(
      'tls_file_without_certificate',
      `${path} holds no certificate in PEM form`,
      'Put a file there that contains a line "-----BEGIN CERTIFICATE-----"; a DER file can be converted with "openssl x509 -inform der".',
    );
  }
  for (const pem of found) {
    try {
      new X509Certificate(pem);
    } catch (error) {
      throw fileError(
        'tls_file_damaged',
        `${path} holds a certificate that can not be read: ${messageOf(error)}`,
        'Copy the file again from where it was issued.',
        error,
      );
    }
  }
  return found;
}

function checkPair(server: ServerOptions, cert: string, key: string, keyPath: string): void {
  const passphrase = server.clientKeyPassphrase?.reveal();
  let matches: boolean;
  try {
    const parsed = createPrivateKey(passphrase === undefined ? key : { key, passphrase });
    matches = new X509Certificate(cert).checkPrivateKey(parsed);
  } catch (error) {
    throw fileError(
      'tls_key_unreadable',
      `the private key in ${keyPath} can not be read`,
      'Look whether the file holds a PEM private key, and whether client_key_passphrase is set and right when the key is encrypted.',
      error,
    );
  }
  if (matches) return;
  throw fileError(
    'tls_key_of_another',
    `the private key in ${keyPath} does not belong to the client certificate`,
    'Set client_key_filepath to the key with which this certificate was requested.',
  );
}

async function read(path: string, files: Files): Promise<string> {
  try {
    return (await files.readFile(path)).toString('utf8');
  } catch (error) {
    throw fileError(
      'tls_file_unreadable',
      `${path} can not be read: ${messageOf(error)}`,
      'Correct the path in the config file, or let the user that runs duologsync read the file.',
      error,
    );
  }
}

function fileError(code: string, message: string, hint: string, cause?: unknown): ForwarderError {
  return new ForwarderError(code, message, { scope: 'server', hint, cause });
}
