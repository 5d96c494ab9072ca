import { expect, it } from 'vitest';
import { watchCrashes } from '../../src/cli/crash.ts';
import { createProgramLog, redactor } from '../../src/core/program-log.ts';
import { Secret } from '../../src/core/secret.ts';
import { until } from '../helpers/program.ts';
import { fakeIo, type FakeIo } from './fake-io.ts';

function watched(io: FakeIo, close?: () => Promise<void>): () => void {
  const secrets = [new Secret('geheim-geheim')];
  const { stderr, clock } = io;
  const programLog = createProgramLog({ console: stderr, level: 'info', clock, secrets });
  const redact = redactor(secrets);
  return watchCrashes({ programLog: close ? { ...programLog, close } : programLog, redact, io });
}

it('a mistake is told in the log and on stderr, with its stack and without secrets, and ends with 70', async () => {
  const io = fakeIo();
  watched(io);
  io.crashes.emit('uncaughtException', new Error('no geheim-geheim here'));
  await until('the end', () => io.exits.length > 0);
  expect(io.exits).toEqual([70]);
  expect(io.err()).toMatch(/ ERROR A mistake .*error="no \*\*\* here".*crash\.test/);
  expect(io.err()).toMatch(
    /^duologsync: unexpected failure: Error: no \*\*\* here\n +at .*crash\.test/m,
  );
});

it('a mistake that is no error is told too, and a second one does not wait for the log', async () => {
  const io = fakeIo();
  watched(io, () => new Promise(() => undefined));
  io.crashes.emit('uncaughtException', 'gone');
  expect(io.exits).toEqual([]);
  io.crashes.emit('uncaughtException', new Error('again'));
  expect(io.exits).toEqual([70]);
  expect(io.err()).toContain('unexpected failure: gone');
});

it('a log that cannot be closed does not keep the process', async () => {
  const io = fakeIo({ clock: { ...fakeIo().clock, sleep: () => Promise.resolve() } });
  watched(io, () => new Promise(() => undefined));
  io.crashes.emit('uncaughtException', new Error('late'));
  await until('the end', () => io.exits.length > 0);
});

it('after the run a mistake is left to others', () => {
  const io = fakeIo();
  watched(io)();
  expect(io.crashes.listenerCount('uncaughtException')).toBe(0);
});
