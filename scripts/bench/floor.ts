// The least that any forwarder must do: the same pages over HTTPS with undici, their raw bytes to the
// server's socket. Nothing is signed, parsed, formatted, confirmed or remembered.
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { open } from 'node:fs/promises';
import { connect as connectTcp, type Socket } from 'node:net';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { promisify } from 'node:util';
import { Agent, request } from 'undici';

export interface FloorPlan {
  readonly duoUrl: string;
  readonly ca: string;
  readonly logs: readonly string[];
  readonly pages: number;
  readonly rowsPerPage: number;
  /** For FILE a folder in place of the port. */
  readonly server: {
    readonly port: number;
    readonly protocol: 'TCP' | 'TCPSSL' | 'UDP' | 'FILE';
    readonly directory: string;
  };
}

interface Out {
  write(page: Buffer): Promise<void>;
  end(): Promise<void>;
}

const plan = JSON.parse(process.argv[2] ?? '') as FloorPlan;
const dispatcher = new Agent({ connect: { ca: plan.ca } });
const out = await outOf(plan.server.protocol);
await Promise.all(plan.logs.map(copy));
await out.end();
await dispatcher.close();

function outOf(protocol: FloorPlan['server']['protocol']): Promise<Out> {
  if (protocol === 'FILE') return file();
  return protocol === 'UDP' ? datagrams() : stream();
}

/** One file for all, synced at the end alone. */
async function file(): Promise<Out> {
  const handle = await open(join(plan.server.directory, 'floor'), 'a');
  return {
    write: (page) => handle.appendFile(page),
    end: async () => {
      await handle.sync();
      await handle.close();
    },
  };
}

async function copy(log: string): Promise<void> {
  for (let page = 0; page < plan.pages; page += 1) {
    const { body } = await request(`${plan.duoUrl}/${log}/${page}`, { dispatcher });
    await out.write(Buffer.from(await body.arrayBuffer()));
  }
}

async function stream(): Promise<Out> {
  const { port, protocol } = plan.server;
  const tls = protocol === 'TCPSSL';
  const socket: Socket = tls
    ? connectTls({ host: 'localhost', port, ca: plan.ca, servername: 'localhost' })
    : connectTcp({ host: 'localhost', port });
  await once(socket, tls ? 'secureConnect' : 'connect');
  return {
    write: async (page) => {
      if (!socket.write(page)) await once(socket, 'drain');
    },
    end: async () => {
      socket.end();
      await once(socket, 'close');
    },
  };
}

async function datagrams(): Promise<Out> {
  const socket = createSocket('udp4');
  socket.connect(plan.server.port, '127.0.0.1');
  await once(socket, 'connect');
  const send = promisify((bytes: Buffer, done: (error: Error | null) => void) => {
    socket.send(bytes, done);
  });
  return {
    write: async (page) => {
      const size = Math.ceil(page.length / plan.rowsPerPage);
      for (let at = 0; at < page.length; at += size) await send(page.subarray(at, at + size));
    },
    end: async () => {
      socket.close();
    },
  };
}
