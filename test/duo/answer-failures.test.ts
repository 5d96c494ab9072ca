import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { failureOfAnswer, retryAfterOf, type Verdict } from '../../src/duo/answer-failures.ts';
import { answer, clientOf, failureOf, get, serve, type Handler } from './duo-server.ts';

const cleanups: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function failureFrom(handler: Handler): Promise<Awaited<ReturnType<typeof failureOf>>> {
  const server = await serve(handler);
  const duo = clientOf();
  cleanups.push(
    () => server.close(),
    () => duo.close(),
  );
  return failureOf(duo, get(server.account));
}

const fail = (
  code: number | string,
  message = 'Words of Duo',
  message_detail?: string,
): object => ({
  stat: 'FAIL',
  code,
  message,
  ...(message_detail === undefined ? {} : { message_detail }),
});

const answers: readonly (readonly [string, number, string | object, string, string, string])[] = [
  ['too many calls', 429, fail(42901), 'duo_rate_limited', 'retry', 'source'],
  ['too many calls, as a page', 429, '<html>', 'duo_rate_limited', 'retry', 'source'],
  ['too many calls, with status 200', 200, fail(42901), 'duo_rate_limited', 'retry', 'source'],
  ['a parameter missing', 400, fail(40001), 'duo_bad_request', 'park', 'source'],
  ['a parameter wrong', 400, fail(40002), 'duo_bad_request', 'park', 'source'],
  ['a wrong host for a child', 400, fail(40003), 'duo_bad_request', 'park', 'source'],
  [
    'a bad request without a code',
    400,
    { stat: 'FAIL', message: 'no' },
    'duo_bad_request',
    'park',
    'source',
  ],
  ['no credentials', 401, fail(40101), 'duo_unauthorized', 'park', 'account'],
  ['a wrong key', 401, fail(40102), 'duo_invalid_key', 'park', 'account'],
  ['a wrong signature', 401, fail(40103), 'duo_invalid_signature', 'park', 'account'],
  ['a wrong time', 401, fail(40105), 'duo_clock', 'retry', 'account'],
  ['a wrong time by its other code', 401, fail(40104), 'duo_clock', 'retry', 'account'],
  ['a permission missing', 403, fail(40301), 'duo_forbidden', 'park', 'source'],
  ['a permission missing, in no words', 403, '', 'duo_forbidden', 'park', 'source'],
  ['an unknown path', 404, fail(40401), 'duo_not_found', 'park', 'source'],
  ['a wrong verb', 405, fail(40501), 'duo_method', 'park', 'source'],
  ['trouble inside Duo', 500, fail(50001), 'duo_server_error', 'retry', 'source'],
  [
    'trouble inside Duo, with status 200',
    200,
    fail('50001'),
    'duo_server_error',
    'retry',
    'source',
  ],
  ['trouble at Duo’s edge', 502, '<html><title>502</title>', 'duo_server_error', 'retry', 'source'],
  ['trouble without a body', 503, '', 'duo_server_error', 'retry', 'source'],
  ['trouble with half a body', 504, '{"stat":"FA', 'duo_server_error', 'retry', 'source'],
  ['FAIL with an empty code', 200, fail(''), 'duo_failed', 'retry', 'source'],
  ['FAIL without a code', 200, { stat: 'FAIL' }, 'duo_failed', 'retry', 'source'],
  ['FAIL with a status of its own', 418, fail(41801), 'duo_failed', 'retry', 'source'],
  ['a login page', 200, '<html><title>Log in</title>', 'duo_not_json', 'retry', 'source'],
  ['a block page', 403, '<html><title>Blocked</title>', 'duo_not_json', 'retry', 'source'],
  ['an empty body', 200, '', 'duo_not_json', 'retry', 'source'],
  ['half a body, cleanly ended', 200, '{"stat":"OK","resp', 'duo_bad_json', 'retry', 'source'],
  ['JSON of something else', 200, { hello: 'world' }, 'duo_wrong_shape', 'retry', 'source'],
  ['a list instead of an envelope', 200, [], 'duo_wrong_shape', 'retry', 'source'],
];

describe('an answer of Duo that means', () => {
  it.each(answers)(
    '%s (%i %j) is told as %s: %s the %s',
    async (_, status, body, code, remedy, scope) => {
      const error = await failureFrom((_, response) => answer(response, status, body));
      expect(error).toMatchObject({ code, remedy, scope });
    },
  );
});

describe('the message', () => {
  it('carries Duo’s code, words and detail, so that the cause can be told', async () => {
    const detail = 'mintime must be within the past 180 days';
    const error = await failureFrom((_, response) =>
      answer(response, 400, fail(40002, 'Invalid', detail)),
    );
    expect(error.message).toBe(`Duo answered 400, code 40002: Invalid (${detail})`);
  });

  it('quotes the title of a page in one harmless line', async () => {
    const page = '<HTML><head><title lang="en">\n Log\u001b[31m in\u2028 </title>';
    const error = await failureFrom((_, response) => answer(response, 200, page));
    expect(error.message).toBe('Duo’s host answered 200 with a page titled "Log\\u001b[31m in"');
  });

  it('quotes the beginning of what is neither JSON nor a page', async () => {
    const error = await failureFrom((_, response) => answer(response, 200, 'Access\r\ndenied'));
    expect(error.message).toBe(
      'Duo’s host answered 200 with a body that is not JSON: "Access\\u000d\\u000adenied"',
    );
  });

  it('is one short line, whatever the answer holds', () => {
    const text = fc.string({ unit: 'binary', maxLength: 3000 });
    const envelope = fc.option(
      fc.record<Verdict>(
        { stat: text, code: fc.integer(), message: text, messageDetail: text },
        { requiredKeys: [] },
      ),
      { nil: undefined },
    );
    const clean = (words: string): string => JSON.stringify(words).slice(0, 200);
    fc.assert(
      fc.property(
        fc.integer({ min: 100, max: 999 }),
        text,
        text,
        envelope,
        (status, body, header, verdict) => {
          const refusal = {
            status,
            retryAfter: header,
            location: header,
            envelope: verdict,
            text: body,
          };
          const error = failureOfAnswer(refusal, clean);
          expect(error.message.length).toBeLessThan(600);
          expect(error.hint).toBeDefined();
        },
      ),
    );
  });
});

describe('a redirect', () => {
  it.each([
    ['https://login.test:8443/path?secret=1', 'login.test:8443'],
    ['/elsewhere', '/elsewhere'],
    [undefined, 'nowhere'],
  ])('to %s is not followed, and its target is named as %s', async (location, named) => {
    let calls = 0;
    const error = await failureFrom((_, response) => {
      calls += 1;
      response.writeHead(302, location === undefined ? {} : { location }).end();
    });
    expect(error).toMatchObject({ code: 'duo_redirect', remedy: 'retry', scope: 'source' });
    expect(error.message).toBe(`Duo’s host answered 302, a redirect to ${named}`);
    expect(calls).toBe(1);
  });
});

describe('Retry-After', () => {
  it.each([
    ['120', 120_000],
    ['0', 1_000],
    ['-5', 1_000],
    ['31536000', 3_600_000],
    ['1.5', 1_500],
    ['Wed, 21 Oct 2026 07:28:00 GMT', undefined],
    ['soon', undefined],
    ['', undefined],
    [undefined, undefined],
  ])('%s counts as %s ms', (header, expected) => {
    expect(retryAfterOf(header)).toBe(expected);
  });

  it.each([
    [429, JSON.stringify(fail(42901)), 90_000],
    [503, JSON.stringify(fail(50301)), 90_000],
    [503, '<html><title>Maintenance</title></html>', 90_000],
    [403, JSON.stringify(fail(40301)), undefined],
  ])('with %s reaches the one who waits', async (status, body, expected) => {
    const error = await failureFrom((_, response) =>
      response.writeHead(status, { 'retry-after': '90' }).end(body),
    );
    expect(error.retryAfterMs).toBe(expected);
  });
});
