import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const source = fileURLToPath(new URL('../../src/simulator/', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'receiver-process-'));
const built = join(folder, 'src', 'simulator');
let child: ChildProcess | undefined;

// The built program may be missing or old when this file runs alone: its sources are translated here.
beforeAll(() => {
  mkdirSync(built, { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  const compilerOptions = {
    module: ts.ModuleKind.ESNext,
    target: ts.ScriptTarget.ES2023,
    rewriteRelativeImportExtensions: true,
    verbatimModuleSyntax: true,
  };
  for (const name of readdirSync(source)) {
    const text = readFileSync(join(source, name), 'utf8');
    const { outputText } = ts.transpileModule(text, { compilerOptions, fileName: name });
    writeFileSync(join(built, name.replace(/\.ts$/, '.js')), outputText);
  }
});

afterAll(() => {
  child?.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

/** Starts the receiver; resolves to its port. */
async function start(...args: readonly string[]): Promise<number> {
  const started = spawn(process.execPath, [join(built, 'receiver-process.js'), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  child = started;
  const [line] = await new Promise<Buffer[]>((resolve) => {
    started.stdout.once('data', (bytes: Buffer) => resolve([bytes]));
  });
  return Number(String(line));
}

/** Sends the text and waits for the receiver's own end. */
function deliver(port: number, text: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.on('end', () => resolve('end'));
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(`${error.code}`));
    socket.resume();
    socket.end(text);
  });
}

describe('the receiver process', () => {
  it('has on disk what it confirmed, through a kill, and goes on at its port', async () => {
    const file = join(folder, 'out.log');
    const port = await start('--file', file);
    expect(await deliver(port, 'one\ntwo\ntorn')).toBe('end');
    child?.kill('SIGKILL');
    await new Promise((resolve) => child?.once('exit', resolve));
    expect(readFileSync(file, 'utf8')).toBe('one\ntwo\n');
    expect(await start('--file', file, '--port', String(port))).toBe(port);
    expect(await deliver(port, 'three\n')).toBe('end');
    expect(readFileSync(file, 'utf8')).toBe('one\ntwo\nthree\n');
  });
});
