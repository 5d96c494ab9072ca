import { describe, expect, it } from 'vitest';
import { PageSize } from '../../src/engine/page-size.ts';

const fail = (size: PageSize, times: number, code = 'duo_timeout'): number => {
  for (let n = 0; n < times; n += 1) size.failed(code);
  return size.rows;
};
const come = (size: PageSize, times: number): number => {
  for (let n = 0; n < times; n += 1) size.came();
  return size.rows;
};

describe('the size of a page', () => {
  it('is halved with every second page in a row that does not come through, down to ten rows', () => {
    const size = new PageSize(1000);
    expect([1, 1, 1, 1].map((times) => fail(size, times))).toEqual([1000, 500, 500, 250]);
    expect(fail(size, 100)).toBe(10);
    expect(fail(new PageSize(5), 2)).toBe(5);
  });

  it('stays what it is after one failure here and there, and after those that have another cause', () => {
    const size = new PageSize(1000);
    for (let n = 0; n < 10; n += 1) {
      fail(size, 1);
      come(size, 1);
    }
    expect(fail(size, 10, 'duo_server_error')).toBe(1000);
  });

  it('is doubled after twenty pages, and halved again by the first failure then', () => {
    const size = new PageSize(1000);
    fail(size, 4);
    expect([come(size, 19), come(size, 1)]).toEqual([250, 500]);
    expect(fail(size, 1)).toBe(250);
    expect(come(size, 20)).toBe(500);
    come(size, 1);
    expect([fail(size, 1), come(size, 100)]).toEqual([500, 1000]);
  });
});
