/** A package that is missing, of another version, broken, or that ends or hangs its process, is told in words. */
import assert from 'node:assert/strict';
import { mkdir, readFile, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { root } from '../../../../scripts/ensure-installed.mjs';
import { chooseDevice, tryDevice } from '../../../../src/trainer/engine/devices.js';
import { packageVersion } from '../../../../src/trainer/engine/tfjs/package.js';
import { keepVerdict, readVerdict, type Usable } from '../../../../src/trainer/engine/verdicts.js';
import { UserError } from '../../../../src/trainer/errors/errors.js';
import { temporaryFolder } from '../../data/images.js';
import { noTensorflow, tensorflowEnvironment } from './realPackage.js';

const name = '@tensorflow/tfjs-node-gpu';

/** Names `folder` to the engine until the test ends. */
function nameFolder(t: TestContext, folder: string): void {
  const before = process.env.VITUNE_TENSORFLOW;
  process.env.VITUNE_TENSORFLOW = folder;
  t.after(() => {
    if (before === undefined) delete process.env.VITUNE_TENSORFLOW;
    else process.env.VITUNE_TENSORFLOW = before;
  });
}

/** A folder in which a package of this name does what `code` says when it is loaded. */
async function folderWith(t: TestContext, code: string, version = packageVersion): Promise<string> {
  const folder = await temporaryFolder(t);
  const inside = join(folder, 'node_modules', name);
  await mkdir(inside, { recursive: true });
  await writeFile(join(inside, 'package.json'), JSON.stringify({ name, version, main: 'index.js' }));
  await writeFile(join(inside, 'index.js'), code);
  nameFolder(t, folder);
  return folder;
}

const failed = async (timeout?: number) => {
  const report = await tryDevice('tensorflow', timeout);
  assert.ok('reason' in report, JSON.stringify(report));
  return report;
};

test('the version is that of the peer dependency', async () => {
  const manifest = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as {
    peerDependencies: Record<string, string>;
  };
  assert.equal(manifest.peerDependencies[name], packageVersion);
});

test('a missing package', async (t) => {
  const folder = await temporaryFolder(t);
  nameFolder(t, folder);
  const { error } = await failed();
  assert.equal(error?.code, 'TENSORFLOW_MISSING');
  assert.ok(error.message.includes(`${name} is not installed in ${folder}`));
  assert.match(error.remedy, /npm install @tensorflow\/tfjs-node-gpu@4\.22\.0/);
  await assert.rejects(
    chooseDevice('tensorflow', assert.fail, { verdicts: folder, place: { file: 'a.vitune.json', line: 3 } }),
    (thrown: unknown) => {
      assert.ok(thrown instanceof UserError);
      assert.deepEqual([thrown.code, thrown.place.line], ['TENSORFLOW_MISSING', 3]);
      return true;
    },
  );
});

test('another version is refused before it is loaded', async (t) => {
  await folderWith(t, 'process.abort()', '3.21.1');
  const { error } = await failed();
  assert.equal(error?.code, 'TENSORFLOW_VERSION');
  assert.match(error.message, /Version 3\.21\.1 of .* is installed, and ViTune works with 4\.22\.0 only/);
  assert.match(error.remedy, /npm install @tensorflow\/tfjs-node-gpu@4\.22\.0/);
});

test('a package whose binding is no library', async (t) => {
  const folder = await folderWith(t, `require('./lib/tfjs_binding.node');`);
  await mkdir(join(folder, 'node_modules', name, 'lib'));
  await writeFile(join(folder, 'node_modules', name, 'lib', 'tfjs_binding.node'), 'half a downl');
  const { error } = await failed();
  assert.equal(error?.code, 'TENSORFLOW_BROKEN');
  assert.match(error.message, /does not load: .*tfjs_binding\.node/);
  assert.ok(!error.message.includes('\n'));
  assert.match(error.remedy, /npm rebuild .*--build-addon-from-source/);
});

test('a package that ends the process', async (t) => {
  await folderWith(t, 'process.abort()');
  assert.match((await failed()).reason, /ended without a result/);
});

test('a package that never answers', async (t) => {
  await folderWith(t, 'for (;;);');
  assert.equal((await failed(4000)).reason, 'the trial took longer than 4 seconds');
});

test('the real package is tried once, and again when it or the day has changed', { skip: noTensorflow }, async (t) => {
  nameFolder(t, tensorflowEnvironment().VITUNE_TENSORFLOW!);
  const verdicts = await temporaryFolder(t);
  assert.equal(await readVerdict(verdicts, 'tensorflow'), undefined);
  const notices: string[] = [];
  const choose = () => chooseDevice('tensorflow', (code) => notices.push(code), { verdicts });
  const chosen = (await choose()) as Usable;
  assert.ok(chosen.gigaflops > 0);
  // A verdict that no trial could give: whoever gets it has not tried.
  await keepVerdict(verdicts, { ...chosen, gigaflops: 123456 });
  assert.equal(((await choose()) as Usable).gigaflops, 123456);
  // The tests' TensorFlow is for the CPU, and says so each time.
  assert.deepEqual(notices, ['TENSORFLOW_ON_CPU', 'TENSORFLOW_ON_CPU']);
  assert.equal(await readVerdict(verdicts, 'tensorflow', Date.now() + 25 * 60 * 60 * 1000), undefined);
  await keepVerdict(verdicts, { device: 'tensorflow', reason: 'it broke' });
  assert.equal(await readVerdict(verdicts, 'tensorflow'), undefined);
});

test('a verdict is of one installation', async (t) => {
  const folder = await folderWith(t, '');
  const verdicts = await temporaryFolder(t);
  await keepVerdict(verdicts, { device: 'tensorflow', gigaflops: 5 });
  assert.deepEqual(await readVerdict(verdicts, 'tensorflow'), { device: 'tensorflow', gigaflops: 5 });
  await utimes(join(folder, 'node_modules', name, 'package.json'), new Date(0), new Date(0));
  assert.equal(await readVerdict(verdicts, 'tensorflow'), undefined);
  await writeFile(join(verdicts, 'tensorflow.json'), '{"basis": "');
  assert.equal(await readVerdict(verdicts, 'tensorflow'), undefined);
});
