import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import type { Clock } from '../../src/core/clock.ts';
import { silentLogger, type Fields, type Logger } from '../../src/core/log.ts';
import { Skew } from '../../src/duo/skew.ts';
import { answer, clientOf, failureOf, get, okBody, serve, type Handler } from './duo-server.ts';

const live = new AbortController().signal;
const cleanups: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** This machine's clock, wrong by so much. */
function clockOff(offMs: () => number): Clock {
  return {
    nowMs: () => Date.now() + offMs(),
    monotonicMs: () => performance.now(),
    sleep: async () => undefined,
  };
}

interface Said {
  readonly level: string;
  readonly sentence: string;
  readonly fields: Fields | undefined;
}

function listener(): { said: Said[]; log: Logger } {
  const said: Said[] = [];
  const note =
    (level: string) =>
    (sentence: string, fields?: Fields): void =>
      void said.push({ level, sentence, fields });
  return { said, log: { ...silentLogger, info: note('info'), warn: note('warn') } };
}

const strict: Handler = (request, response) => {
  const differenceMs = Math.abs(Date.parse(request.headers.date ?? '') - Date.now());
  if (differenceMs < 300_000) answer(response, 200, okBody);
  else answer(response, 401, { stat: 'FAIL', code: 40105, message: 'Bad request timestamp' });
};

describe('a wrong clock of this machine', () => {
  it.each([-7200, 7200])(
    'by %i s costs one refused call, is told once, and again when it is right',
    async (seconds) => {
      let offMs = seconds * 1000;
      const { said, log } = listener();
      const server = await serve(strict);
      const duo = clientOf({ clock: clockOff(() => offMs), log });
      cleanups.push(
        () => server.close(),
        () => duo.close(),
      );
      for (let i = 0; i < 3; i += 1) await duo.send(get(server.account), live);
      expect(server.requests).toHaveLength(4);
      expect(Math.abs(duo.nowMs() - Date.now())).toBeLessThan(1_500);
      expect(said).toHaveLength(1);
      expect(said[0]?.level).toBe('warn');
      expect(Math.abs(Number(said[0]?.fields?.['behind_seconds']) + seconds)).toBeLessThanOrEqual(
        2,
      );
      offMs = 0;
      await duo.send(get(server.account), live);
      await duo.send(get(server.account), live);
      // A clock that is set back is noticed by itself.
      expect(server.requests).toHaveLength(seconds < 0 ? 7 : 6);
      expect(said.map(({ level }) => level)).toEqual(['warn', 'info']);
    },
  );

  it('is told as duo_clock when a second signature does not help, with every try dated anew', async () => {
    const server = await serve((_, response) => {
      setTimeout(() => answer(response, 401, { stat: 'FAIL', code: 40105 }), 1_100);
    });
    const duo = clientOf();
    cleanups.push(
      () => server.close(),
      () => duo.close(),
    );
    expect((await failureOf(duo, get(server.account))).code).toBe('duo_clock');
    const dates = server.requests.map(({ headers }) => headers.date);
    expect(new Set(dates).size).toBe(2);
  });

  it('is not read from a page that is not Duo’s', async () => {
    const server = await serve((_, response) => {
      response.setHeader('date', 'Mon, 01 Jan 2001 00:00:00 GMT');
      answer(response, 200, '<title>Log in</title>');
    });
    const duo = clientOf();
    cleanups.push(
      () => server.close(),
      () => duo.close(),
    );
    await failureOf(duo, get(server.account));
    expect(Math.abs(duo.nowMs() - Date.now())).toBeLessThan(1_000);
  });
});

describe('a refused signature', () => {
  it('is tried once more, signed anew, and then told', async () => {
    const server = await serve((_, response) =>
      answer(response, 401, { stat: 'FAIL', code: 40103 }),
    );
    const duo = clientOf();
    cleanups.push(
      () => server.close(),
      () => duo.close(),
    );
    expect((await failureOf(duo, get(server.account))).code).toBe('duo_invalid_signature');
    expect(server.requests).toHaveLength(2);
  });

  it('that is accepted the second time is no failure', async () => {
    const server = await serve((_, response) => {
      const first = server.requests.length === 1;
      answer(response, first ? 401 : 200, first ? { stat: 'FAIL', code: 40103 } : okBody);
    });
    const duo = clientOf();
    cleanups.push(
      () => server.close(),
      () => duo.close(),
    );
    expect((await duo.send(get(server.account), live)).lists.size).toBe(1);
  });

  it.each([40102, 40101, 40002, 42901, 50001])(
    'is the only reason for a second try: %i has none',
    async (code) => {
      const status = Math.floor(code / 100);
      const server = await serve((_, response) => answer(response, status, { stat: 'FAIL', code }));
      const duo = clientOf();
      cleanups.push(
        () => server.close(),
        () => duo.close(),
      );
      await failureOf(duo, get(server.account));
      expect(server.requests).toHaveLength(1);
    },
  );
});

describe('the time of Duo', () => {
  const spans = fc.array(fc.record({ thereMs: fc.nat(5_000), backMs: fc.nat(5_000) }), {
    minLength: 1,
  });

  it('is right to a second and the time of the way, whatever the clocks say', () => {
    const offset = fc.integer({ min: -1e9, max: 1e9 });
    fc.assert(
      fc.property(offset, fc.nat(999), spans, (offMs, startMs, ways) => {
        let nowMs = Date.UTC(2026, 0, 5) + startMs;
        const skew = new Skew({ ...clockOff(() => 0), nowMs: () => nowMs }, silentLogger);
        for (const { thereMs, backMs } of ways) {
          const date = new Date(nowMs + thereMs + offMs).toUTCString();
          nowMs += thereMs + backMs;
          skew.learn(date, nowMs, thereMs + backMs);
          expect(Math.abs(skew.nowMs() - (nowMs + offMs))).toBeLessThanOrEqual(
            1000 + thereMs + backMs,
          );
        }
      }),
    );
  });

  it('is exactly our time where our clock is right', () => {
    fc.assert(
      fc.property(fc.nat(999), spans, (startMs, ways) => {
        let nowMs = Date.UTC(2026, 0, 5) + startMs;
        const skew = new Skew({ ...clockOff(() => 0), nowMs: () => nowMs }, silentLogger);
        for (const { thereMs, backMs } of ways) {
          const date = new Date(nowMs + thereMs).toUTCString();
          nowMs += thereMs + backMs;
          skew.learn(date, nowMs, thereMs + backMs);
          expect(skew.nowMs()).toBe(nowMs);
        }
      }),
    );
  });

  it('goes on when our clock is set back, and jumps with it when the machine slept', () => {
    let [wallMs, steadyMs] = [Date.UTC(2026, 0, 6), 1_000.5];
    const clock = { ...clockOff(() => 0), nowMs: () => wallMs, monotonicMs: () => steadyMs };
    const skew = new Skew(clock, silentLogger);
    const duoMs = Date.UTC(2026, 0, 5);
    skew.learn(new Date(duoMs).toUTCString(), wallMs, 0);
    wallMs -= 86_400_000;
    steadyMs += 5_000;
    wallMs += 5_000;
    expect(skew.nowMs()).toBe(duoMs + 999 + 5_000);
    skew.learn(new Date(duoMs + 5_000).toUTCString(), wallMs, 0);
    wallMs += 3_600_000;
    expect(skew.nowMs() - duoMs).toBeGreaterThanOrEqual(3_600_000);
  });

  it('stays what it was when Duo sends no date, or none that can be read', () => {
    const skew = new Skew(
      clockOff(() => 0),
      silentLogger,
    );
    for (const date of [undefined, '', 'yesterday']) skew.learn(date, Date.now(), 10);
    expect(Math.abs(skew.nowMs() - Date.now())).toBeLessThan(100);
  });
});
