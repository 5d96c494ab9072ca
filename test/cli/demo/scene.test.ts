import { access, readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { setScene } from '../../../src/cli/demo/scene.ts';
import { loadConfig } from '../../../src/config/load.ts';

describe("the demo's scene", () => {
  it('is a config file without a mistake, an hour of history, and nothing left afterwards', async () => {
    const scene = await setScene();
    try {
      const text = await readFile(scene.configFile, 'utf8');
      const { config, problems } = await loadConfig(scene.configFile, {
        env: {},
        platform: process.platform,
      });
      expect({ problems: problems.filter(({ severity }) => severity === 'error'), text }).toEqual({
        problems: [],
        text,
      });
      expect(config?.servers.map(({ protocol }) => protocol)).toEqual(['TCP', 'TCPSSL', 'UDP']);
      const before = scene.duo.ledger('auth').length;
      expect(before).toBeGreaterThan(1000);
      scene.addNow(3);
      const ledger = scene.duo.ledger('auth');
      expect(ledger).toHaveLength(before + 3);
      expect(new Set(ledger.map(({ serial }) => serial)).size).toBe(before + 3);
    } finally {
      await scene.close();
    }
    await expect(access(scene.folder)).rejects.toThrow();
  });
});
