import { afterEach, describe, expect, it } from 'vitest';
import {
  answer,
  clientOf,
  get,
  okBody,
  serve,
  type DuoServer,
  type Handler,
} from './duo-server.ts';
import type { DuoApi } from '../../src/duo/api.ts';

const live = new AbortController().signal;
const cleanups: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function pair(
  handler: Handler,
  options: Parameters<typeof clientOf>[0] = {},
): Promise<{ server: DuoServer; duo: DuoApi }> {
  const server = await serve(handler);
  const duo = clientOf(options);
  cleanups.push(
    () => server.close(),
    () => duo.close(),
  );
  return { server, duo };
}

describe('a call to Duo', () => {
  it('brings back the rows and the metadata', async () => {
    const { server, duo } = await pair((_, response) => answer(response, 200, okBody));
    const page = await duo.send(get(server.account), live);
    expect([...page.lists.keys()]).toEqual(['authlogs']);
    expect(page.metadata).toEqual({ next_offset: null });
  });
});
