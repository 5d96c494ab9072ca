import { Secret } from '../../../src/core/secret.ts';
import type { Snapshot } from '../../../src/status/snapshot.ts';
import { openWebServer } from '../../../src/web/server.ts';
import { recordingLog } from '../../engine/parts.ts';
import { nothingKept, parts } from '../../status/parts.ts';

export interface PageServer {
  readonly url: string;
  /** What is shown; may be changed. */
  snapshot: Snapshot;
  /** How often it was asked. */
  asked: number;
  /** Hangs up instead of answering. */
  isGone: boolean;
  close(): Promise<void>;
}

/** The program's own web server, with a program behind it that is only told of. */
export async function startPage(snapshot: Snapshot, token?: string): Promise<PageServer> {
  const server = await openWebServer({
    ...{ port: 0, address: '127.0.0.1', hosts: [], accountLabel: true },
    token: token === undefined ? undefined : new Secret(token),
    log: recordingLog().log,
    look: async () => {
      page.asked += 1;
      if (page.isGone) throw new Error('gone');
      return { parts: parts(), kept: nothingKept, snapshot: page.snapshot };
    },
  });
  const page: PageServer = {
    url: `http://127.0.0.1:${server.port}/`,
    ...{ snapshot, asked: 0, isGone: false },
    close: () => server.close(),
  };
  return page;
}
