import { describe, expect, it } from 'vitest';
import type { JsonObject, JsonValue } from '../../src/core/types.ts';
import { type Caller, checkedVerb } from '../../src/control/verbs.ts';
import { fakeControls } from './fake-controls.ts';

const key = '0123456789abcdef';

function caller(): Caller & { readonly got: JsonValue[]; readonly leave: () => void } {
  const got: JsonValue[] = [];
  const gone = new AbortController();
  return {
    got,
    gone: gone.signal,
    leave: () => gone.abort(new Error('gone')),
    send: async (result) => void got.push(result),
    sleep: () => new Promise((resolve) => setTimeout(resolve, 1)),
  };
}

async function ask(args: JsonObject, controls = fakeControls(), who = caller()) {
  await checkedVerb('backfill', args).run(args, controls, who);
  return { controls, got: who.got };
}

describe('the verb backfill', () => {
  it('asks for what it was told, and says how it ended', async () => {
    const { controls, got } = await ask({ key, since: 1_000, until: 2_000, servers: ['siem'] });
    expect(controls.asked).toEqual([
      [
        'backfill',
        {
          ...{ key, sinceMs: 1_000, untilMs: 2_000, dryRun: false, restart: false },
          ...{ endpoints: [], accounts: [], servers: ['siem'] },
        },
      ],
    ]);
    expect(got.at(-1)).toEqual({ state: 'done' });
  });

  it('tells how it goes until it has ended, and leaves it going when the caller leaves', async () => {
    const controls = fakeControls();
    let end = (): void => undefined;
    const ended = new Promise<void>((resolve) => (end = resolve));
    let looks = 0;
    Object.assign(controls, {
      backfill: async () => ({ progress: () => ({ looks: (looks += 1) }), ended }),
    });
    const who = caller();
    const asked = ask({ key, since: 1 }, controls, who);
    while (who.got.length < 3) await new Promise((resolve) => setTimeout(resolve, 1));
    who.leave();
    await asked;
    const before = who.got.length;
    const second = ask({ key, since: 1 }, controls);
    end();
    expect((await second).got.length).toBeGreaterThan(0);
    expect(who.got).toHaveLength(before);
  });

  it.each([
    [{ since: 1 }, 'needs key'],
    [{ key: 'x', since: 1 }, 'key of backfill has to be'],
    [{ key }, 'needs since'],
    [{ key, since: 'monday' }, 'since of backfill has to be'],
    [{ key, since: 1, servers: 'siem' }, 'servers of backfill has to be'],
    [{ key, since: 1, dry_run: 'yes' }, 'dry_run of backfill has to be'],
    [{ key, since: 1, server: 'siem' }, "no argument 'server'"],
  ])('refuses %j', (args, why) => {
    expect(() => checkedVerb('backfill', args)).toThrow(why);
  });

  it('has one that stops it', async () => {
    const controls = fakeControls();
    const verb = checkedVerb('backfill-stop', { key });
    expect(await verb.run({ key }, controls, caller())).toEqual({ stopped: true });
    expect(controls.asked).toEqual([['stopBackfill', key]]);
  });
});
