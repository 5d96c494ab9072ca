import { afterEach, describe, expect, it } from 'vitest';
import { inWords, sendTest } from '../../../src/cli/check/send-test.ts';
import type { Config } from '../../../src/config/schema.ts';
import type { JsonValue } from '../../../src/core/types.ts';
import {
  startTcpReceiver,
  startUdpReceiver,
  type StreamOptions,
} from '../../../src/simulator/siem.ts';
import { configOf } from '../../helpers/config.ts';
import { until } from '../../helpers/program.ts';
import { shortTiming, testTools } from '../../sinks/helpers/tools.ts';

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function receiver(options: StreamOptions = {}) {
  const siem = await startTcpReceiver(options);
  closers.push(() => siem.stop());
  return siem;
}

const config = (port: number, protocol = 'TCP', more = ''): Promise<Config> =>
  configOf(
    [
      "version: '1.0.0'",
      'servers:',
      `  - {id: siem, hostname: 127.0.0.1, port: ${port}, protocol: ${protocol}${more}}`,
      'account:',
      '  ikey: DIXXXXXXXXXXXXXXXXXX',
      '  skey: abcdefghijklmnopqrstuvwxyz0123456789ABCD',
      '  hostname: api-12345678.duosecurity.com',
      '  endpoint_server_mappings:',
      '    - {endpoints: [auth], server: siem}',
      '',
    ].join('\n'),
  );

async function send(of: Config, facts = new Map<string, JsonValue>()) {
  const { clock, learned } = testTools({ facts });
  const [server] = of.servers;
  if (server === undefined) throw new Error('the config has no server');
  return sendTest(server, { config: of, clock, learned, sender: 'here', timing: shortTiming });
}

describe('the sending of a test event', () => {
  it('tells that the server has read it and closed', async () => {
    const siem = await receiver();
    const sent = await send(await config(siem.port));
    expect(sent).toEqual({
      id: expect.stringMatching(/^duologsync-test-[0-9a-f]{8}$/) as string,
      sureness: 'drained',
    });
    expect(siem.lines().map(String)).toEqual([expect.stringContaining(sent.id)]);
  });

  it('has another id each time', async () => {
    const siem = await receiver();
    const of = await config(siem.port);
    expect((await send(of)).id).not.toBe((await send(of)).id);
  });

  it('tells of a server that keeps the connection that nothing confirms it, after one try', async () => {
    const siem = await receiver({ behaviour: { onHalfClose: 'never' } });
    const sent = await send(await config(siem.port));
    expect(sent).toMatchObject({ sureness: 'unclosed' });
    expect(siem.received).toBe(1);
  });

  it('knows what the program has learned of such a server', async () => {
    const siem = await receiver({ behaviour: { onHalfClose: 'never' } });
    const known = { closed: false, fellBackAtMs: Date.now() };
    const facts = new Map<string, JsonValue>([[`close:TCP:127.0.0.1:${siem.port}`, known]]);
    const weaker = process.platform === 'linux' ? 'transport' : 'none';
    expect(await send(await config(siem.port), facts)).toMatchObject({ sureness: weaker });
    await until('the event', () => siem.received === 1);
  });

  it('promises nothing where the config asks for nothing', async () => {
    const siem = await receiver();
    expect(await send(await config(siem.port, 'TCP', ', confirm: none'))).toMatchObject({
      sureness: 'none',
    });
  });

  it('sends one datagram, and knows that nobody confirms it', async () => {
    const siem = await startUdpReceiver();
    closers.push(() => siem.stop());
    const sent = await send(await config(siem.port, 'UDP'));
    expect(sent).toMatchObject({ sureness: 'none' });
    await until('the datagram', () => siem.lines().length === 1);
    expect(siem.lines().map(String)[0]).toContain(sent.id);
  });

  it('tells what is wrong instead of trying for ever', async () => {
    const siem = await receiver({ behaviour: { onHalfClose: 'reset' } });
    const { failure } = await send(await config(siem.port));
    expect(failure).toMatchObject({ code: 'server_reset', hint: expect.any(String) as string });
    await siem.stop();
    expect((await send(await config(siem.port))).failure).toMatchObject({ code: 'server_refused' });
  });
});

describe('what a person may conclude', () => {
  it('is told for each kind of confirmation, and no two sound the same', () => {
    const all = (['drained', 'transport', 'none', 'unclosed'] as const).map((sureness) =>
      inWords(sureness, { protocol: 'TCP' }),
    );
    expect(new Set([...all, inWords('none', { protocol: 'UDP' })]).size).toBe(5);
    expect(all.filter((words) => words.startsWith('confirmed'))).toHaveLength(1);
  });
});
