import { describe, expect, it } from 'vitest';
import { goodConfig, loadText } from './loading.ts';

describe('the config as the program gets it', () => {
  it('holds for each server only what its protocol uses', async () => {
    const lines = [
      'confirm: none',
      'server_name: x',
      'client_key_passphrase: geheim',
      "cert_filepath: ''",
    ];
    const text = (protocol: string): string =>
      goodConfig(["protocol: 'TCP'", [`protocol: ${protocol}`, ...lines].join('\n    ')]);
    const udp = (await loadText(text('UDP'))).config?.servers[0];
    expect(udp).toMatchObject({ protocol: 'UDP' });
    for (const key of ['confirm', 'server_name', 'client_key_passphrase', 'cert_filepath'] as const)
      expect(udp?.[key]).toBeUndefined();
    const tls = (await loadText(text('TCPSSL'))).config?.servers[0];
    expect(tls).toMatchObject({ confirm: 'none', server_name: 'x' });
    expect(tls?.cert_filepath).toBeUndefined();
    expect(tls?.client_key_passphrase?.reveal()).toBe('geheim');
  });

  it('carries the settings of one server beside the general ones', async () => {
    const own = ['log_format: CEF', 'cef_time: local', 'offset: 3', 'max_events_per_second: 50'];
    const { config } = await loadText(goodConfig(["'TCP'", ["'TCP'", ...own].join('\n    ')]));
    expect(config?.servers[0]).toMatchObject({
      log_format: 'CEF',
      cef_time: 'local',
      offset: 3,
      max_events_per_second: 50,
    });
    expect(config?.dls_settings).toMatchObject({ log_format: 'JSON', cef_time: 'utc' });
  });

  it('has no key of the file that says where a secret lies', async () => {
    const { config } = await loadText(goodConfig());
    expect(Object.keys(config?.account ?? {}).sort()).toEqual([
      'block_list',
      'endpoint_server_mappings',
      'hostname',
      'ikey',
      'is_msp',
      'skey',
    ]);
  });
});
