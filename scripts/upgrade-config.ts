#!/usr/bin/env node
import { realpathSync } from 'node:fs';
import { stat, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { Command, CommanderError } from 'commander';
import { countProblems, formatProblems } from '../src/config/issues.ts';
import { hostFiles, reasonOf, unreadableConfig } from '../src/config/host-files.ts';
import { loadConfig } from '../src/config/load.ts';
import { locate } from '../src/config/locate.ts';
import type { Problem } from '../src/config/problem.ts';
import { decodeText } from '../src/config/text.ts';
import { upgradeConfig } from '../src/config/upgrade.ts';
import type { UpgradeResult } from '../src/config/upgrade.ts';
import { messageOf, systemCode } from '../src/core/errors.ts';
import { packageVersion } from '../src/core/version.ts';

export interface UpgradeIo {
  out(line: string): void;
  err(line: string): void;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platform: NodeJS.Platform;
}

/** sysexits(3): 66 OLD cannot be read, 73 NEW cannot be written, 78 the config is not valid. */
type ExitCode = 0 | 2 | 66 | 73 | 78;

const largestFile = 1_048_576;

/** `args` as after the program's name; returns the exit code. */
export async function upgradeCommand(args: readonly string[], io: UpgradeIo): Promise<ExitCode> {
  const command = new Command('duologsync-upgrade-config')
    .description(
      'Writes NEW from OLD, a config of Duo Log Sync before version 1.0.0. Comments and order stay, OLD is never touched.',
    )
    .argument('<OLD>', 'the config to upgrade')
    .argument('<NEW>', 'the file to write')
    .option('--force', 'write NEW even when it exists')
    .version(packageVersion(), '-V, --version')
    .addHelpText('after', '\nExample:\n  duologsync-upgrade-config config.yml config-1.0.0.yml')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => io.out(text.trimEnd()),
      writeErr: (text) => io.err(text.trimEnd()),
    });
  try {
    command.parse(args, { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    throw error;
  }
  const [from = '', to = ''] = command.args;
  return upgradeFile(from, to, command.opts<{ force?: boolean }>().force === true, io);
}

async function upgradeFile(
  from: string,
  to: string,
  force: boolean,
  io: UpgradeIo,
): Promise<ExitCode> {
  let bytes: Uint8Array;
  try {
    bytes = await hostFiles.read(from, largestFile);
  } catch (error) {
    const unreadable = unreadableConfig(from, error);
    io.err(`error: ${unreadable.message}\n  fix: ${unreadable.hint ?? ''}`);
    return 66;
  }
  if (await isSameFile(from, to)) {
    io.err(`error: OLD and NEW are the same file\n  fix: Name another file as NEW.`);
    return 2;
  }
  const { text, finding } = decodeText(bytes, largestFile);
  const mark = bytes[0] === 0xef ? '\ufeff' : '';
  const result: UpgradeResult =
    finding === undefined ? upgradeConfig(mark + text) : { kind: 'refused', findings: [finding] };
  if (result.kind === 'refused') {
    io.err(formatProblems(locate(result.findings, from, text, undefined), text));
    return 78;
  }
  if (result.kind === 'current')
    io.out(`${from} is of version 1.0.0 already; it is copied as it is.`);
  else for (const { word, what } of result.changes) io.out(`  ${word.padEnd(8)} ${what}`);
  const content = result.kind === 'current' ? bytes : result.text;
  if (!(await write(to, content, force, io))) return 73;
  return validated(to, result.kind === 'current', io);
}

async function isSameFile(from: string, to: string): Promise<boolean> {
  const identity = async (path: string): Promise<string | undefined> => {
    const found = await stat(path, { bigint: true }).catch(() => undefined);
    return found === undefined ? undefined : `${found.dev}:${found.ino}`;
  };
  const target = await identity(to);
  return target !== undefined && target === (await identity(from));
}

async function write(
  to: string,
  content: string | Uint8Array,
  force: boolean,
  io: UpgradeIo,
): Promise<boolean> {
  try {
    // The file holds a secret key: nobody else may read it.
    await writeFile(to, content, { flag: force ? 'w' : 'wx', mode: 0o600 });
    return true;
  } catch (error) {
    const exists = systemCode(error) === 'EEXIST';
    io.err(
      exists
        ? `error: ${to} exists and is not overwritten\n  fix: Name another file, or add --force.`
        : `error: cannot write ${to}: ${reasonOf(error)}\n  fix: Name a file in a folder that exists and may be written.`,
    );
    return false;
  }
}

async function validated(to: string, current: boolean, io: UpgradeIo): Promise<ExitCode> {
  const { config, problems, text } = await loadConfig(to, { env: io.env, platform: io.platform });
  if (problems.length > 0) io.err(formatProblems(problems, text));
  const valid = config !== undefined || problems.every((problem) => isOfThisMachine(problem));
  const ready = valid ? 'valid, apart from files that are missing here' : 'not valid yet';
  const state = config === undefined ? ready : 'valid';
  const found = problems.length === 0 ? '' : `: ${countProblems(problems)}`;
  io.out(`Wrote ${to} (version 1.0.0, ${state}${found}).`);
  // A current file is a plain copy: what is wrong with it is told, but it was so before.
  return valid || current ? 0 : 78;
}

/** A certificate or secret that is not here is told, but the file may be meant for another machine. */
function isOfThisMachine({ severity, code }: Problem): boolean {
  return severity !== 'error' || /^(?:certificate|client_key|secret_file|secret_env)_/.test(code);
}

function startedAs(path: string | undefined): boolean {
  try {
    return (
      path !== undefined && realpathSync(path) === realpathSync(fileURLToPath(import.meta.url))
    );
  } catch {
    return false;
  }
}

if (startedAs(process.argv[1])) {
  try {
    process.exitCode = await upgradeCommand(process.argv.slice(2), {
      out: (line) => void process.stdout.write(`${line}\n`),
      err: (line) => void process.stderr.write(`${line}\n`),
      env: process.env,
      platform: process.platform,
    });
  } catch (error) {
    process.stderr.write(`error: ${messageOf(error)}\n`);
    process.exitCode = 1;
  }
}
