import { afterEach, describe, expect, it, vi } from 'vitest';
import { createAuthority, type LeafRequest } from '../../src/simulator/certificates.ts';
import {
  type ConnectProxy,
  type ProxyOptions,
  startConnectProxy,
} from '../../src/simulator/connect-proxy.ts';
import { until } from '../helpers/program.ts';
import { openRig, type Rig, type RigOptions } from './duo-rig.ts';

vi.setConfig({ testTimeout: 120_000 });

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const whole = { lost: [], repeated: 0, malformed: [], unknown: [] };

async function well(options: RigOptions = {}): Promise<Rig> {
  const rig = await openRig({ factor: 900, ...options });
  closers.push(() => rig.close());
  rig.add('auth', 5);
  rig.add('telephony', 5);
  await rig.arrived();
  return rig;
}

/** Both feeds tell the trouble once, and all that came meanwhile arrives once it is over. */
async function outlives(rig: Rig, code: string, hint: RegExp, end: () => unknown): Promise<void> {
  const { said } = rig;
  rig.add('auth', 5, { bodyBytes: 40_000 });
  rig.add('telephony', 5, { bodyBytes: 40_000 });
  for (const feed of ['auth > siem', 'telephony > siem']) {
    const line = await rig.told(code, feed);
    expect(line).toMatchObject({ level: 'warn' });
    expect(line.fields['hint']).toMatch(hint);
  }
  await end();
  await rig.arrived();
  await until('both to be well', () => {
    return said.filter(({ sentence }) => sentence === 'The feed is well again').length === 2;
  });
  expect(rig.report()).toMatchObject(whole);
  expect(said.filter(({ fields }) => fields['code'] === code)).toHaveLength(2);
}

describe('the whole program, when Duo', () => {
  it('is not there, waits, says so and goes on when it is back', async () => {
    const rig = await well();
    await rig.duo.stop();
    await outlives(rig, 'duo_refused', /account.hostname and its port/, () => rig.duo.start());
  });

  it('is not there at the start, waits, says so and goes on when it comes', async () => {
    const rig = await openRig({ factor: 900, start: false });
    closers.push(() => rig.close());
    await rig.duo.stop();
    await rig.start();
    await outlives(rig, 'duo_refused', /account.hostname and its port/, () => rig.duo.start());
  });

  const stranger = createAuthority();
  it.each<{
    shows: string;
    certificate: Partial<LeafRequest>;
    by?: typeof stranger;
    code: string;
    hint: RegExp;
  }>([
    {
      shows: 'an expired certificate',
      certificate: { validToMs: Date.now() - 60_000 },
      code: 'duo_tls_expired',
      hint: /clock of this machine/,
    },
    {
      shows: 'the certificate of another host',
      certificate: { names: ['other.test'] },
      code: 'duo_tls_name',
      hint: /account.hostname/,
    },
    {
      shows: 'a certificate of an unknown authority',
      certificate: {},
      by: stranger,
      code: 'duo_tls_untrusted',
      hint: /api.ca_filepath/,
    },
  ])('shows $shows, gets no request until it shows the right one', async (example) => {
    const rig = await well();
    rig.duo.certify(example.certificate, example.by);
    const asked = rig.duo.journal.length;
    await outlives(rig, example.code, example.hint, () => {
      expect(rig.duo.journal).toHaveLength(asked);
      rig.duo.certify({});
    });
  });
});

describe('the whole program, behind a firewall that only a proxy passes, when the proxy', () => {
  const login = { user: 'me', password: 'p' };
  it.each<{ fault: string; options?: ProxyOptions; code: string; hint: RegExp }>([
    { fault: 'is down', code: 'proxy_refused', hint: /proxy.proxy_port/ },
    {
      fault: 'wants a login',
      options: { credentials: login },
      code: 'proxy_login',
      hint: /proxy.proxy_user/,
    },
    {
      fault: 'refuses the tunnel',
      options: { behaviour: { tunnels: 'refuse' } },
      code: 'proxy_error',
      hint: /proxy’s log/,
    },
    {
      fault: 'says nothing',
      options: { behaviour: { tunnels: 'stall' } },
      code: 'proxy_timeout',
      hint: /can reach Duo/,
    },
    {
      fault: 'hangs up',
      options: { behaviour: { tunnels: 'drop' } },
      code: 'proxy_error',
      hint: /proxy’s log/,
    },
    {
      fault: 'cuts the tunnel in the handshake',
      options: { behaviour: { dropAfterBytes: 100 } },
      code: 'duo_reset',
      hint: /firewall or proxy/,
    },
    {
      fault: 'cuts the tunnel in the middle of an answer',
      options: { behaviour: { dropAfterBytes: 100_000 } },
      code: 'duo_truncated',
      hint: /cuts long answers/,
    },
  ])('$fault, waits, says so and goes on', async ({ options, code, hint }) => {
    let proxy: ConnectProxy = await startConnectProxy();
    closers.push(() => proxy.close());
    const { port } = proxy;
    const rig = await well({
      duo: { admits: (from) => proxy.isTunnel(from) },
      proxy: ['proxy_server: localhost', `proxy_port: ${port}`],
      overrides: { calls: { deadlineMs: 1_000, connectMs: 300 } },
    });
    await proxy.close();
    if (options !== undefined) proxy = await startConnectProxy({ ...options, port });
    await outlives(rig, code, hint, async () => {
      if (options !== undefined) await proxy.close();
      proxy = await startConnectProxy({ port });
    });
  });
});
