import { PassThrough, Writable } from 'node:stream';
import { expect, it } from 'vitest';
import { leave } from '../../src/cli/leave.ts';

it('ends the process only when its output is written', async () => {
  const order: string[] = [];
  const slow = new Writable({
    write(chunk: Buffer, _encoding, done) {
      setTimeout(() => {
        order.push(chunk.toString());
        done();
      }, 20);
    },
  });
  slow.write('last words');
  await leave(7, {
    stdout: slow,
    stderr: new PassThrough(),
    exit: (code) => void order.push(`exit ${code}`),
  });
  expect(order.filter((entry) => entry !== '')).toEqual(['last words', 'exit 7']);
});

it('does not wait for a reader that is gone', async () => {
  const gone = new PassThrough();
  gone.destroy();
  const broken = new Writable({
    write(_chunk, _encoding, done) {
      done(new Error('EPIPE'));
    },
  });
  let left: number | undefined;
  await leave(0, { stdout: gone, stderr: broken, exit: (code) => void (left = code) });
  expect(left).toBe(0);
});
