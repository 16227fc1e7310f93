/** A pipe in the place of any file of a model or an adapter is refused by name, and not waited for. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cp, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { openModel } from '../../../src/trainer/models/openModel.js';
import { UserError } from '../../../src/trainer/errors/errors.js';
import { temporaryFolder } from '../data/images.js';

const embedded = fileURLToPath(new URL('../../../media/embedded', import.meta.url));

test('of a model', async (t) => {
  if (process.platform === 'win32') return t.skip('pipes have no place among the files of Windows');
  const names = (await readdir(embedded)).filter((name) => /\.(json|safetensors)$/.test(name));
  assert.ok(names.length >= 3);
  for (const name of [...names, 'model.safetensors.index.json', 'adapter_config.json']) {
    const folder = join(await temporaryFolder(t), 'model');
    await cp(embedded, folder, { recursive: true });
    // An index counts where there is no single file of weights.
    await rm(join(folder, name.replace('.index.json', '')), { force: true });
    execFileSync('mkfifo', [join(folder, name)]);
    const found: unknown = await openModel(folder).catch((error: unknown) => error);
    assert.ok(found instanceof UserError, `${name}: ${String(found)}`);
    assert.match(`${found.message} ${String(found.place?.file)}`, new RegExp(name.replaceAll('.', '\\.')), name);
  }
});
