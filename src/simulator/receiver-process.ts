import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { startTcpReceiver } from './siem.ts';

/**
 * A TCP receiver to be killed: `node receiver-process.js --port 0 --file out.log`. It appends complete lines
 * and, like a careful collector, syncs the file before it answers a half-close with its own end. Its first
 * line on stdout is the port.
 */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      port: { type: 'string', default: '0' },
      host: { type: 'string', default: '127.0.0.1' },
      file: { type: 'string' },
    },
  });
  if (values.file === undefined) throw new Error('--file is missing: where do the lines go?');
  const file = openSync(values.file, 'a');
  const newline = Buffer.from('\n');
  const receiver = await startTcpReceiver({
    host: values.host,
    port: Number(values.port),
    keep: false,
    onLine: (line) => void writeSync(file, Buffer.concat([line, newline])),
    beforeClose: async () => fsyncSync(file),
  });
  process.stdout.write(`${receiver.port}\n`);
  process.once('SIGTERM', () => {
    void receiver.stop().then(() => closeSync(file));
  });
}

await main();
