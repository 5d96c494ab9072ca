import { describe, expect, it } from 'vitest';
import { answerLine, errorLine, parseRequest, resultOf } from '../../src/control/protocol.ts';
import { checkedVerb, verbs } from '../../src/control/verbs.ts';
import { ForwarderError } from '../../src/core/errors.ts';
import type { JsonObject } from '../../src/core/types.ts';
import { textOf } from '../repo/sources.ts';

const parsed = (line: string): JsonObject => JSON.parse(line) as JsonObject;

describe('the protocol', () => {
  it('keeps an answer and an error in one line, whatever is in them', () => {
    for (const line of [answerLine({ text: 'a\nb\u2028c' }), errorLine(new Error('a\nb'))]) {
      expect(line.split('\n')).toHaveLength(2);
      expect(line.endsWith('\n')).toBe(true);
    }
  });

  it('brings an error to the other side as it was', () => {
    const error = new ForwarderError('no_such_feed', 'There is no x', { hint: 'There are auth.' });
    expect(() => resultOf(parsed(errorLine(error)))).toThrow(
      expect.objectContaining({ code: error.code, message: error.message, hint: error.hint }),
    );
    expect(resultOf(parsed(answerLine([1])))).toEqual([1]);
  });

  it('tells what a request names apart from what is for the protocol', () => {
    expect(parseRequest('{"v":1,"do":"pause","server":"siem"}')).toEqual({
      verb: 'pause',
      args: { server: 'siem' },
    });
  });
});

describe('the verbs', () => {
  it('are all in the contract, and the contract’s are all verbs', () => {
    const [, contract = ''] = textOf('src/control/controls.ts').split(
      'export interface Controls {',
    );
    const methods = Array.from(contract.matchAll(/^ {2}([a-zA-Z]+)\(/gm), ([, name]) => name);
    const named = (verb: string): string =>
      ({
        interval: 'setInterval',
        maxcount: 'setMaxcount',
        'reopen-logs': 'reopenLogs',
        ack: 'acknowledge',
        'backfill-stop': 'stopBackfill',
      })[verb] ?? verb;
    const own = Object.keys(verbs).filter((verb) => verb !== 'watch');
    expect(own.map(named).sort()).toEqual([...methods].sort());
  });

  it('refuse an argument that they do not know, because passing over it would do more than was asked', () => {
    expect(() => checkedVerb('pause', { sever: 'siem' })).toThrow(/has no argument 'sever'/);
    expect(() => checkedVerb('status', parsed('{"__proto__":1}'))).toThrow(/__proto__/);
  });
});
