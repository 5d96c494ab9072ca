// After tsc: makes the programs executable and leaves the stamp that says the build is whole.
import { chmodSync, existsSync, writeFileSync } from 'node:fs';

for (const program of ['dist/src/main.js', 'dist/scripts/upgrade-config.js']) {
  if (existsSync(program)) chmodSync(program, 0o755);
}
writeFileSync(process.argv[2], '');
