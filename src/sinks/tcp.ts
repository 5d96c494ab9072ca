import type { Dialer } from './connection.ts';
import { dial } from './dial.ts';
import { GroupCommitSink } from './group-commit.ts';
import { type Machine, thisMachine } from './machine.ts';
import type { ServerOptions, Sink, SinkTools, SinkType } from './sink.ts';

export const TCP: SinkType = {
  summary: 'Lines over TCP; a group counts when the server has read it and closed.',
  confirms: 'drained',
  open: (server, tools) => openTcp(server, tools),
};

/** Lines over plain TCP. */
export function openTcp(server: ServerOptions, tools: SinkTools, machine = thisMachine): Sink {
  return new GroupCommitSink(server, tools, machine, tcpDialer(server, tools, machine));
}

function tcpDialer(server: ServerOptions, tools: SinkTools, machine: Machine): Dialer {
  return {
    async connect(signal, report) {
      const { socket, roundTripMs } = await dial(server, tools, machine, signal, report);
      return { socket, transport: socket, roundTripMs };
    },
    proven: () => undefined,
  };
}
