/**
 * A server of a soak, as a process of its own so that it can be killed: started by `fork`, told what to be
 * and what to do wrong by messages. It appends lines to a file and, like a careful collector, syncs it
 * before it confirms a connection.
 */
import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs';
import type { EndedConnection, ReceiverBehaviour } from '../../src/simulator/siem.ts';
import { startTcpReceiver, startTlsReceiver, startUdpReceiver } from '../../src/simulator/siem.ts';

export type Protocol = 'TCP' | 'TCPSSL' | 'UDP';

export interface SiemOptions {
  readonly protocol: Protocol;
  /** 0: a free one. */
  readonly port: number;
  readonly file: string;
  readonly certificate: { readonly certPem: string; readonly keyPem: string };
}

export type Order =
  | { readonly kind: 'start'; readonly options: SiemOptions }
  | { readonly kind: 'behave'; readonly behaviour: ReceiverBehaviour }
  /** Reads nothing and answers nothing: this whole process stands still, on every platform. */
  | { readonly kind: 'freeze'; readonly forMs: number }
  | { readonly kind: 'refuse' | 'accept' };

export type News =
  | { readonly kind: 'listening'; readonly port: number }
  | {
      readonly kind: 'connection';
      readonly lines: number;
      readonly orderly: boolean;
      readonly cutOff: string;
    };

interface Receiver {
  readonly port: number;
  readonly behaviour?: ReceiverBehaviour;
  start(): Promise<void>;
  stop(): Promise<void>;
}

const newline = Buffer.from('\n');
let receiver: Receiver | undefined;
let work: Promise<void> = Promise.resolve();

// One order after the other.
process.on('message', (order: Order) => {
  work = work.then(() => obey(order));
});
// Who started this is gone.
process.once('disconnect', () => process.exit(0));

async function obey(order: Order): Promise<void> {
  switch (order.kind) {
    case 'start':
      receiver = await open(order.options);
      tell({ kind: 'listening', port: receiver.port });
      return;
    case 'behave': {
      const behaviour = receiver?.behaviour;
      if (behaviour === undefined) return;
      for (const name of Object.keys(behaviour) as (keyof ReceiverBehaviour)[]) {
        delete behaviour[name];
      }
      Object.assign(behaviour, order.behaviour);
      return;
    }
    case 'freeze':
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, order.forMs);
      return;
    case 'refuse':
      return receiver?.stop();
    case 'accept':
      return receiver?.start();
  }
}

async function open({ protocol, port, file, certificate }: SiemOptions): Promise<Receiver> {
  const out = openSync(file, 'a');
  process.once('exit', () => closeSync(out));
  const onLine = (line: Buffer): void => void writeSync(out, Buffer.concat([line, newline]));
  if (protocol === 'UDP') return startUdpReceiver({ port, onLine });
  const options = {
    port,
    onLine,
    keep: false,
    beforeClose: async () => fsyncSync(out),
    onClose: ({ lines, orderly, cutOff }: EndedConnection) =>
      tell({ kind: 'connection', lines, orderly, cutOff: cutOff.toString() }),
  };
  if (protocol === 'TCP') return startTcpReceiver(options);
  const authority = { certPem: certificate.certPem, issue: () => certificate };
  return startTlsReceiver({ ...options, authority, names: ['localhost'] });
}

function tell(news: News): void {
  process.send?.(news);
}
