import { once } from 'node:events';
import { createServer, type Server } from 'node:https';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Authority } from '../../src/simulator/certificates.ts';

export interface FakeMspOptions {
  readonly authority: Authority;
  readonly children: number;
  readonly answerMs: number;
  readonly logs: readonly string[];
}

export interface FakeMsp {
  /** The parent's host with its port. */
  readonly hostname: string;
  /** Calls for a log that were answered. */
  readonly polls: number;
  /** Resolves when every living child's every log was asked so often. */
  everyLogAsked(times: number): Promise<void>;
  close(): Promise<void>;
}

const paths: Readonly<Record<string, string>> = {
  '/admin/v2/logs/authentication': 'auth',
  '/admin/v2/logs/telephony': 'telephony',
  '/admin/v2/logs/activity': 'activity',
  '/admin/v1/logs/administrator': 'adminaction',
  '/admin/v1/trust_monitor/events': 'trustmonitor',
};

/**
 * An MSP for scale alone: it checks no signature, and each log of a child holds one event. The first child
 * is dead: nothing listens at its address.
 */
export async function startFakeMsp(options: FakeMspOptions): Promise<FakeMsp> {
  const { authority, children, answerMs, logs } = options;
  const asked = new Map<string, number>();
  const servers: Server[] = [];
  const timeMs = Date.now() - 3_600_000;
  let polls = 0;

  function answer(child: number, message: IncomingMessage, response: ServerResponse): void {
    const path = (message.url ?? '').split('?')[0] ?? '';
    message.resume();
    if (path === '/accounts/v1/account/list') return send(response, list());
    const log = paths[path];
    if (log === undefined) return void response.writeHead(404).end();
    setTimeout(() => {
      const key = `${child} ${log}`;
      asked.set(key, (asked.get(key) ?? 0) + 1);
      polls += 1;
      send(response, body(log, child, timeMs));
    }, answerMs);
  }

  const list = (): string => {
    const rows = Array.from({ length: children }, (_, child) => ({
      account_id: `DA${String(child).padStart(18, '0')}`,
      name: `Child ${child}`,
      api_hostname: `${addressOf(child)}:${port}`,
    }));
    return JSON.stringify({ stat: 'OK', response: rows });
  };

  async function listen(child: number, address: string, atPort: number): Promise<Server> {
    const { certPem: cert, keyPem: key } = authority.issue({ names: [address] });
    const server = createServer({ cert, key }, (message, response) => {
      answer(child, message, response);
    });
    server.listen(atPort, address);
    await once(server, 'listening');
    servers.push(server);
    return server;
  }

  const parent = await listen(-1, '127.0.0.1', 0);
  const { port } = parent.address() as AddressInfo;
  for (let child = 1; child < children; child += 1) await listen(child, addressOf(child), port);
  return {
    hostname: `127.0.0.1:${port}`,
    get polls() {
      return polls;
    },
    everyLogAsked: async (times) => {
      const done = (): boolean => {
        const enough = [...asked.values()].filter((count) => count >= times).length;
        return enough >= (children - 1) * logs.length;
      };
      while (!done()) await new Promise((resolve) => setTimeout(resolve, 100));
    },
    close: async () => {
      for (const server of servers) {
        server.closeAllConnections();
        server.close();
      }
    },
  };
}

/** 127.1.0.1 and on: every address of 127.0.0.0/8 is this machine on Linux. */
function addressOf(child: number): string {
  return `127.1.${child >> 7}.${1 + (child & 127)}`;
}

function send(response: ServerResponse, text: string): void {
  response.setHeader('content-type', 'application/json');
  response.end(text);
}

function body(log: string, child: number, timeMs: number): string {
  const ts = new Date(timeMs).toISOString().replace('Z', '000+00:00');
  const seconds = Math.floor(timeMs / 1000);
  const id = `id-${child}`;
  switch (log) {
    case 'auth': {
      const row = { txid: id, isotimestamp: ts, timestamp: seconds, result: 'success' };
      return JSON.stringify({ stat: 'OK', response: { authlogs: [row], metadata: {} } });
    }
    case 'adminaction': {
      const row = { action: 'admin_login', timestamp: seconds, username: id };
      return JSON.stringify({ stat: 'OK', response: [row] });
    }
    case 'trustmonitor': {
      const row = { sekey: id, state: 'new', surfaced_timestamp: timeMs };
      return JSON.stringify({ stat: 'OK', response: { events: [row], metadata: {} } });
    }
    default: {
      const row = { [`${log}_id`]: id, ts };
      return JSON.stringify({ stat: 'OK', response: { items: [row], metadata: {} } });
    }
  }
}
