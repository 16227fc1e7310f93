/** ONNX Runtime's part for CUDA from a local package index: whole or not at all, whatever goes wrong. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdir, readdir, readFile, realpath, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { trainerProgram, probeCommand } from '../../../src/trainer/core/program.js';
import { cudaRelease, isCudaPlatform, isInstalled } from '../../../src/trainer/cuda/folder.js';
import { installCuda, removeCuda, type InstallOptions } from '../../../src/trainer/cuda/install.js';
import { UserError } from '../../../src/trainer/errors/errors.js';
import { onSmallDisk } from '../checkpoint/smallDisk.js';
import { temporaryFolder } from '../data/images.js';
import { makePackage, startIndex, type PackageServer } from './packageServer.js';

const made = makePackage();
const { release } = made;

interface Place {
  cache: string;
  server: PackageServer;
  install(o?: Partial<InstallOptions>): Promise<string>;
}

async function place(t: TestContext, { wheel = made.wheel } = {}): Promise<Place> {
  const cache = await temporaryFolder(t);
  const server = await startIndex(t, { ...made, wheel });
  const install: Place['install'] = (o = {}) =>
    installCuda({
      release,
      cache,
      index: server.index,
      signal: new AbortController().signal,
      patience: { retry: 1, stall: 2000, attempts: 2 },
      ...o,
    });
  return { cache, server, install };
}

const refusedWith = (code: string) => (error: unknown) => {
  assert.ok(error instanceof UserError, String(error));
  assert.equal(error.code, code);
  return true;
};

/** Nothing of the part is there, and nothing half made. */
async function assertNothing(cache: string): Promise<void> {
  assert.equal(await isInstalled({ release, cache }), false);
  const left = await readdir(join(cache, 'cuda')).catch(() => []);
  assert.deepEqual(
    left.filter((name) => name !== 'download'),
    [],
  );
}

test('the libraries are installed beside a link to ONNX Runtime, and nothing else stays', async (t) => {
  const { cache, install } = await place(t);
  const said: [number, number][] = [];
  const folder = await install({ onProgress: (...each) => said.push(each) });
  assert.equal(folder, join(cache, 'cuda', '1.2.3'));
  for (const [i, { name }] of release.libraries.entries())
    assert.deepEqual(await readFile(join(folder, name)), made.libraries[i]);
  assert.match(await realpath(join(folder, 'onnxruntime_binding.node')), /onnxruntime-node/);
  assert.deepEqual(await readdir(join(cache, 'cuda')), ['1.2.3']);
  assert.deepEqual(said[0], [0, release.size]);
  assert.deepEqual(said.at(-1), [release.size, release.size]);
  assert.equal(await isInstalled({ release, cache }), true);
});

test('ONNX Runtime looks into the folder for its part, and computes on the CPU as before', async (t) => {
  if (!isCudaPlatform) return t.skip('there is no part for CUDA on this system');
  const { cache, install } = await place(t);
  const folder = await install({ release: { ...release, runtime: cudaRelease.runtime } });
  const probe = (device: string) =>
    spawnSync(process.execPath, [...trainerProgram, probeCommand, device], {
      env: { ...process.env, VITUNE_CACHE: cache },
      encoding: 'utf8',
    });
  const cpu = probe('cpu');
  assert.match(cpu.stdout, /"gigaflops":/, cpu.stderr);
  // The libraries of this test hold no code.
  const cuda = probe('cuda');
  assert.ok(cuda.stderr.includes(`Failed to load library ${folder}/libonnxruntime_providers_`), cuda.stderr);
});

test('an index that has moved is followed, and what is installed is not downloaded again', async (t) => {
  const { server, install } = await place(t);
  await install({ index: server.index.replace('/simple/', '/moved') });
  await install();
  assert.equal(server.ranges.length, 1);
});

test('a cut download continues where it was cut', async (t) => {
  const { server, install } = await place(t);
  server.faults.push({ cutAfter: 100_000 });
  await install();
  assert.equal(server.ranges[0], undefined);
  assert.match(server.ranges[1]!, /^bytes=[1-9]\d*-$/);
});

test('a cancelled download continues the next time', async (t) => {
  const { cache, server, install } = await place(t);
  server.faults.push({ hangAfter: 100_000 });
  const cancel = new AbortController();
  const onProgress = (done: number) => {
    if (done > 0) cancel.abort();
  };
  await assert.rejects(install({ signal: cancel.signal, onProgress }), { name: 'AbortError' });
  await assertNothing(cache);
  await install();
  assert.match(server.ranges[1]!, /^bytes=[1-9]\d*-$/);
});

test('other bytes than those that are pinned are not kept', async (t) => {
  const wheel = Buffer.from(made.wheel);
  wheel[5000]! ^= 1;
  const { cache, install } = await place(t, { wheel });
  await assert.rejects(install(), refusedWith('HUB_HASH_WRONG'));
  await assertNothing(cache);
});

test('each refusal has its own error, and leaves nothing', async (t) => {
  const { cache, server, install } = await place(t);
  server.faults.push({ status: 404 });
  await assert.rejects(install(), refusedWith('CUDA_REFUSED'));
  await assert.rejects(install({ index: `${server.index}none` }), refusedWith('CUDA_REFUSED'));
  await assert.rejects(install({ index: undefined }), refusedWith('CUDA_NO_INDEX'));
  await assert.rejects(install({ index: 'ftp://127.0.0.1/' }), refusedWith('CUDA_INDEX_INVALID'));
  await assert.rejects(install({ index: 'http://me:secret@127.0.0.1/' }), refusedWith('CUDA_INDEX_INVALID'));
  const other = { ...release, file: 'onnxruntime_gpu-9.whl' };
  await assert.rejects(install({ release: other }), refusedWith('CUDA_NOT_LISTED'));
  await server.stop();
  await assert.rejects(install(), refusedWith('HUB_UNREACHABLE'));
  await assert.rejects(install(), ({ remedy }: UserError) => /package index/.test(remedy) && !remedy.includes('HF_'));
  await assertNothing(cache);
});

test('a file that was downloaded before is installed without a network, if it is that file', async (t) => {
  const { cache, server, install } = await place(t);
  const file = join(cache, 'package.whl');
  await assert.rejects(install({ file }), refusedWith('CUDA_FILE_MISSING'));
  await writeFile(file, made.wheel.subarray(1));
  await assert.rejects(install({ file }), refusedWith('CUDA_FILE_WRONG'));
  await writeFile(file, Buffer.from(made.wheel).fill(1, 0, 1));
  await assert.rejects(install({ file }), refusedWith('CUDA_FILE_WRONG'));
  await assertNothing(cache);
  await writeFile(file, made.wheel);
  await install({ file });
  assert.equal(server.ranges.length, 0);
  assert.equal((await readFile(file)).length, made.wheel.length);
});

test('of two installations at once one downloads', async (t) => {
  const { server, install } = await place(t);
  await Promise.all([install(), install()]);
  assert.equal(server.ranges.length, 1);
});

test('a full disk leaves nothing half installed', async (t) => {
  const { cache, install } = await place(t);
  const small = join(cache, 'small');
  await mkdir(small);
  await onSmallDisk(t, small, 500, async () => {
    await assert.rejects(install({ cache: small }), refusedWith('CUDA_UNWRITABLE'));
    await assertNothing(small);
  });
});

test('a file in the place of the folder is named', async (t) => {
  const { cache, install } = await place(t);
  await writeFile(join(cache, 'cuda'), '');
  await assert.rejects(install(), refusedWith('CUDA_UNWRITABLE'));
});

test('removing takes everything away, also what was half downloaded', async (t) => {
  const { cache, install } = await place(t);
  assert.equal(await removeCuda(cache), false);
  await install();
  assert.equal(await removeCuda(cache), true);
  await assertNothing(cache);
  assert.deepEqual(await readdir(cache), []);
});
