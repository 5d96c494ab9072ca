import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Snapshot } from '../../../src/status/snapshot.ts';
import { contentPolicy, pageOf } from '../../../src/web/page/page.ts';
import { viewOf } from '../../../src/web/page/view.ts';

export interface PageServer {
  readonly url: string;
  /** What is shown; may be changed. */
  snapshot: Snapshot;
  /** How often it was asked. */
  asked: number;
  /** Answers so from now on; 200: well again. */
  status: number;
  close(): Promise<void>;
}

/** The page alone, for a browser. */
export async function startPage(snapshot: Snapshot): Promise<PageServer> {
  const server = createServer((request, response) => {
    page.asked += 1;
    if (page.status !== 200) {
      response.writeHead(page.status).end();
      return;
    }
    const nonce = 'dGVzdA';
    const { searchParams } = new URL(request.url ?? '/', 'http://localhost');
    response.writeHead(200, {
      'Content-Type': 'text/html; charset=utf-8',
      'Content-Security-Policy': contentPolicy(nonce),
    });
    response.end(pageOf(page.snapshot, nonce, viewOf(searchParams)));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const page: PageServer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    snapshot,
    asked: 0,
    status: 200,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return page;
}
