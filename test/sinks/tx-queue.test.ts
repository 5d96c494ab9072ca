import { once } from 'node:events';
import { connect } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Machine, thisMachine } from '../../src/sinks/machine.ts';
import { findTxQueue, txQueue } from '../../src/sinks/tx-queue.ts';
import { listen } from './helpers/servers.ts';
import { until } from './helpers/tools.ts';

const header =
  '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n';
const table4 =
  header +
  '   0: 0100007F:0277 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 20535 1 0000000000000000 100 0 0 10 0\n' +
  '   1: 0100007F:C3A2 0100007F:1F90 01 00007531:00000000 01:00000014 00000000  1000        0 31337 2 0000000000000000 20 4 30 10 -1\n' +
  '   2: 0100007F:C3A2 0200007F:1F90 01 00000000:00000005 00:00000000 00000000  1000        0 31338 1 0000000000000000 20 4 30 10 -1\n';
const table6 =
  header +
  '   0: B80D0120000000000000000001000000:C3A2 B80D0120000000000000000002000000:1F90 01 0000000A:00000000 00:00000000 00000000  1000        0 1 1 0 20 4 30 10 -1\n' +
  '   1: 0000000000000000FFFF00000100007F:C3A2 0000000000000000FFFF00000100007F:1F90 04 00000001:00000000 00:00000000 00000000  1000        0 1 1 0 20 4 30 10 -1\n';
const ends = {
  localAddress: '127.0.0.1',
  localPort: 0xc3a2,
  remoteAddress: '127.0.0.1',
  remotePort: 0x1f90,
};

describe("the kernel's table of connections", () => {
  it('tells how many bytes the peer has not taken, for one connection among others', () => {
    expect(findTxQueue(table4, ends)).toBe(30_001);
    expect(findTxQueue(table4, { ...ends, remoteAddress: '127.0.0.2' })).toBe(0);
  });

  it('tells it for IPv6 too, with zones and addresses that are IPv4 inside', () => {
    const v6 = { ...ends, localAddress: '2001:db8::1', remoteAddress: '2001:db8::2' };
    expect(findTxQueue(table6, v6)).toBe(10);
    expect(findTxQueue(table6, { ...v6, localAddress: '2001:db8::1%eth0' })).toBe(10);
    const mapped = { ...ends, localAddress: '::ffff:127.0.0.1', remoteAddress: '::ffff:127.0.0.1' };
    expect(findTxQueue(table6, mapped)).toBe(1);
  });

  it('prints addresses in the byte order of the machine', () => {
    const big = table4.replaceAll('0100007F', '7F000001');
    expect(findTxQueue(big, ends, false)).toBe(30_001);
    expect(findTxQueue(big, ends, true)).toBeUndefined();
  });

  it('tells nothing about a connection that is gone', () => {
    expect(findTxQueue(table4, { ...ends, localPort: 1 })).toBeUndefined();
    expect(findTxQueue('', ends)).toBeUndefined();
  });

  it('may be cut or garbled anywhere without a wrong number', () => {
    fc.assert(
      fc.property(fc.nat(table4.length), (length) => {
        const found = findTxQueue(table4.slice(0, length), ends);
        expect(found === undefined || found === 30_001).toBe(true);
      }),
    );
  });

  const fixture: Machine = {
    ...thisMachine,
    seesTxQueue: true,
    littleEndian: true,
    readFile: async (path) => Buffer.from(path.endsWith('tcp6') ? table6 : table4),
  };

  it('is read for a real socket where there is one, and not asked for elsewhere', async () => {
    const receiver = await listen((socket) => void socket.pause());
    const socket = connect(receiver.port, '127.0.0.1');
    await once(socket, 'connect');
    const asked: string[] = [];
    const elsewhere: Machine = {
      ...fixture,
      seesTxQueue: false,
      readFile: async (path) => {
        asked.push(path);
        return Buffer.alloc(0);
      },
    };
    expect(await txQueue(socket, elsewhere)).toBeUndefined();
    expect(asked).toEqual([]);
    if (thisMachine.seesTxQueue) {
      expect(await txQueue(socket, thisMachine)).toBe(0);
      socket.write(Buffer.alloc(20_000_000));
      let queued = 0;
      await until(() => {
        void txQueue(socket, thisMachine).then((bytes) => (queued = bytes ?? 0));
        return queued > 100_000;
      });
    }
    socket.destroy();
    expect(await txQueue(socket, thisMachine)).toBeUndefined();
    await receiver.close();
  });

  it('that can not be read tells nothing, and is no error', async () => {
    const receiver = await listen(() => undefined);
    const socket = connect(receiver.port, '127.0.0.1');
    await once(socket, 'connect');
    const unreadable: Machine = {
      ...fixture,
      readFile: async () => Promise.reject(Object.assign(new Error('no'), { code: 'EACCES' })),
    };
    expect(await txQueue(socket, unreadable)).toBeUndefined();
    socket.destroy();
    await receiver.close();
  });
});
