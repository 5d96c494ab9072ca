// A collector to be killed, in plain JavaScript so that it is up at once. It stores what it has read before
// it answers our end with its own; a careless one answers first, and stores it when it answers the next.
// `read-<life>-<n>` holds what it had read of a connection, `stored-<life>` what it has stored;
// `resumed-<life>` has a letter for each connection that went on with a TLS session.
import { openSync, readFileSync, writeSync } from 'node:fs';
import { createServer } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';

const options = JSON.parse(process.argv[2]);
const { protocol, host = '127.0.0.1', port, folder, life } = options;
const { careless, diesAfterMs, restMs } = options;
const stored = openSync(`${folder}/stored-${life}`, 'a');
const resumed = openSync(`${folder}/resumed-${life}`, 'a');
let connections = 0;
let held = Buffer.alloc(0);

function store(next) {
  writeSync(stored, held);
  held = next;
}

/** Half a line becomes a line, as rsyslog has it. */
function linesOf(pieces) {
  const isTorn = pieces.length > 0 && pieces.at(-1).at(-1) !== 10;
  return Buffer.concat(isTorn ? [...pieces, Buffer.from('\n')] : pieces);
}

function take(socket) {
  if (protocol === 'TCPSSL' && socket.isSessionReused()) writeSync(resumed, 'r');
  const read = openSync(`${folder}/read-${life}-${(connections += 1)}`, 'a');
  const pieces = [];
  let isAnswered = false;
  socket.on('data', (piece) => {
    writeSync(read, piece);
    pieces.push(piece);
    if (restMs === undefined) return;
    socket.pause();
    setTimeout(() => socket.resume(), restMs);
  });
  socket.on('end', () => {
    store(linesOf(pieces));
    if (!careless) store(Buffer.alloc(0));
    isAnswered = true;
    socket.end();
  });
  socket.on('error', () => socket.destroy());
  socket.on('close', () => {
    if (!isAnswered) writeSync(stored, linesOf(pieces));
  });
}

// The same keys in every life: a session of one goes on with the next.
const server =
  protocol === 'TCP'
    ? createServer({ allowHalfOpen: true }, take)
    : createTlsServer(
        {
          allowHalfOpen: true,
          cert: readFileSync(`${folder}/cert.pem`),
          key: readFileSync(`${folder}/key.pem`),
          ticketKeys: Buffer.alloc(48, 'k'),
        },
        take,
      );
server.on('tlsClientError', () => undefined);
server.listen(port, host, () => {
  process.stdout.write('up');
  // By its own timer it dies between two steps: what it had read is known to the byte.
  if (diesAfterMs !== undefined)
    setTimeout(() => process.kill(process.pid, 'SIGKILL'), diesAfterMs);
});
process.stdin.on('end', () => {
  store(Buffer.alloc(0));
  process.exit();
});
process.stdin.resume();
