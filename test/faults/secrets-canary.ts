import { createPrivateKey } from 'node:crypto';
import { lstat, readdir, readFile, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import type { Running, Workplace } from '../helpers/program.ts';

/** Secrets that would be seen, with signs that each encoding spells in its own way. */
export const canaries = {
  skey: 'Canary0skey1Canary2skey3Canary4skey5Cana',
  proxyPassword: 'canary proxy/pass+word=%"&?é',
  passphrase: "canary phrase 'with' blanks\\and ~ more",
} as const;

/** The text of a client's key, encrypted with the canary; `inside` are its lines, open and encrypted. */
export function encryptedKey(keyPem: string): { readonly pem: string; readonly inside: string[] } {
  const pem = createPrivateKey(keyPem)
    .export({
      type: 'pkcs8',
      format: 'pem',
      cipher: 'aes-256-cbc',
      passphrase: canaries.passphrase,
    })
    .toString();
  const inside = [keyPem, pem].flatMap((text) =>
    text.split('\n').filter((line) => line.length > 20),
  );
  return { pem, inside: inside.filter((line) => !line.startsWith('-----')) };
}

/** The usual spellings of a secret. */
function spellings(secret: string): string[] {
  const url = encodeURIComponent(secret);
  const base64 = [0, 1, 2].map((shift) => {
    const bytes = Buffer.concat([Buffer.alloc(shift), Buffer.from(secret)]);
    // Without the characters that depend on what stands before and after.
    return bytes.toString('base64').slice(Math.ceil((shift * 8) / 6), -4);
  });
  return [
    secret,
    JSON.stringify(secret).slice(1, -1),
    url,
    url.replace(/%../g, (code) => code.toLowerCase()),
    url.replaceAll('%20', '+'),
    ...base64,
    ...base64.map((text) => text.replaceAll('+', '-').replaceAll('/', '_')),
  ];
}

/** Which of these secrets stand in a text. */
export function leaked(text: string, secrets: readonly string[]): string[] {
  return secrets.filter((secret) => spellings(secret).some((spelling) => text.includes(spelling)));
}

/** Everything that programs said and wrote, by where it was found; the files that `but` names apart. */
export async function traces(
  workplace: Workplace,
  programs: readonly Running[],
  but: readonly string[],
): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  programs.forEach((program, index) => {
    found.set(`stdout ${index}`, program.stdout());
    found.set(`stderr ${index}`, program.stderr());
    // What `ps` shows to everybody.
    found.set(`arguments ${index}`, program.process.spawnargs.join(' '));
  });
  for (const name of await readdir(workplace.folder, { recursive: true })) {
    const path = join(workplace.folder, name);
    if (but.includes(name) || !(await lstat(path)).isFile()) continue;
    found.set(name, await readFile(path, 'utf8'));
  }
  return found;
}

/** A proxy that refuses every login and says it aloud; `off` ends it. */
export async function startEchoingProxy(): Promise<{ port: number; off: () => void }> {
  const server: Server = createServer((socket) => {
    socket.on('error', () => socket.destroy());
    socket.once('data', (data) => {
      const login = /proxy-authorization: *(.*)\r\n/i.exec(data.toString('latin1'))?.[1] ?? '';
      const plain = Buffer.from(login.replace(/^basic /i, ''), 'base64').toString('latin1');
      const body = `refused: ${login} ${plain} ${encodeURIComponent(plain)}`;
      socket.end(
        `HTTP/1.1 407 No ${login}\r\nProxy-Authenticate: Basic realm="${login}"\r\nX-Said: ${login}\r\n` +
          `Content-Length: ${body.length}\r\n\r\n${body}`,
        'latin1',
      );
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { port: (server.address() as AddressInfo).port, off: () => void server.close() };
}

/** Changes a config file. */
export async function edit(file: string, change: (text: string) => string): Promise<void> {
  const before = await readFile(file, 'utf8');
  const after = change(before);
  if (after === before) throw new Error('The change changes nothing.');
  await writeFile(file, after);
}
