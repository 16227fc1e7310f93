/**
 * Downloads from a local hub: the downloaded files, continuation after an interruption, and the error for each refusal
 * and each false response of a server.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { lstat, mkdir, readdir, readFile, readlink, realpath, stat, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import {
  downloadDataset,
  downloadModel,
  findDataset,
  findModel,
  type DownloadOptions,
} from '../../../src/trainer/hub/download.js';
import { UserError } from '../../../src/trainer/errors/errors.js';
import { cachedModels } from '../../../src/trainer/models/cachedModels.js';
import { checkConfig } from '../../../src/trainer/models/hubSources.js';
import { weightFilesOf } from '../../../src/trainer/models/onnxModel.js';
import { onSmallDisk } from '../checkpoint/smallDisk.js';
import { temporaryFolder } from '../data/images.js';
import { golden } from '../models/goldenCheckpoint.js';
import { commitOf, gitHash, HubServer, type HubRepository } from './hubServer.js';

const commit = commitOf('main');
const id = 'owner/vit';
const weights = Buffer.from(Array.from({ length: 300_000 }, (_, i) => (i * 7919) % 251));
const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
const model = (more: Partial<HubRepository> = {}): HubRepository => ({
  id,
  refs: { main: commit, 'v1.0': commitOf('v1'), 'refs/pr/1': commitOf('pr') },
  files: {
    'README.md': Buffer.from('# a model'),
    'config.json': Buffer.from('{"model_type":"vit"}'),
    'onnx/model.onnx': Buffer.alloc(5000),
    'preprocessor_config.json': Buffer.from('{}'),
    'pytorch_model.bin': Buffer.alloc(5000),
    'model.safetensors': weights,
  },
  ...more,
});

interface Place {
  server: HubServer;
  cache: string;
  folder: string;
  get(
    options?: DownloadOptions & { token?: string; revision?: string; id?: string; file?: string },
  ): ReturnType<typeof downloadModel>;
}

async function place(t: TestContext, ...repositories: HubRepository[]): Promise<Place> {
  const server = await HubServer.start(t, ...(repositories.length ? repositories : [model()]));
  const folder = await temporaryFolder(t);
  const cache = join(folder, 'hub');
  const get: Place['get'] = ({ token, revision, id: name = id, file, ...options } = {}) =>
    downloadModel({ id: name, revision, file }, weightFilesOf, {
      settings: { endpoint: server.endpoint, cache, token, isOffline: false },
      patience: { retry: 1, stall: 2000 },
      ...options,
    });
  return { server, cache, folder, get };
}

/** Waits until a first piece of the weights has been written. */
async function untilPart(cache: string, bytes = weights): Promise<void> {
  const part = join(cache, 'models--owner--vit', 'blobs', `${sha256(bytes)}.vitune.incomplete`);
  for (;;) {
    const found = await stat(part).catch(() => undefined);
    if (found && found.size > 0) return;
    await pause(20);
  }
}

const blobs = (cache: string) => readdir(join(cache, 'models--owner--vit', 'blobs'));
const refused = (code: string, message?: RegExp) => (error: unknown) => {
  assert.ok(error instanceof UserError, String((error as Error).stack));
  assert.equal(error.code, code);
  assert.ok(error.remedy.length > 10);
  if (message) assert.match(error.message, message);
  return true;
};

test('only the needed files are downloaded, checked and put in the place that Python uses', async (t) => {
  const { server, cache, get } = await place(t);
  const told: [number, number][] = [];
  const done = await get({ token: 'hf_good', onProgress: (...progress) => told.push(progress) });
  const repository = join(cache, 'models--owner--vit');
  assert.deepEqual(done, {
    folder: join(repository, 'snapshots', commit),
    commit,
    files: 3,
    bytes: 20 + 2 + weights.length,
  });
  assert.deepEqual((await readdir(done.folder)).sort(), [
    'config.json',
    'model.safetensors',
    'preprocessor_config.json',
  ]);
  assert.deepEqual(await readFile(join(done.folder, 'model.safetensors')), weights);
  assert.equal(await readFile(join(repository, 'refs', 'main'), 'utf8'), commit);
  const hash = gitHash(Buffer.from('{"model_type":"vit"}'));
  assert.equal(await readlink(join(done.folder, 'config.json')), join('..', '..', 'blobs', hash));
  assert.ok((await blobs(cache)).every((name) => /^([0-9a-f]{40}|[0-9a-f]{64})$/.test(name)));
  assert.deepEqual(told[0], [0, done.bytes]);
  assert.deepEqual(told.at(-1), [done.bytes, done.bytes]);
  // The hub redirects large files to another host, which must not receive the token.
  assert.deepEqual(
    server.of('.safetensors', 'hub').map(({ authorization }) => authorization),
    ['Bearer hf_good'],
  );
  assert.deepEqual(
    server.of('.safetensors', 'storage').map(({ authorization }) => authorization),
    [undefined],
  );
  assert.equal(server.of('.bin').length + server.of('.onnx').length + server.of('.md').length, 0);
  assert.equal(await findModel({ id }, cache), done.folder);

  const before = server.asked.length;
  await get();
  assert.equal(server.asked.slice(before).filter(({ path }) => path.includes('/resolve/')).length, 0);
});

test('a branch, a tag, a pull request and a commit', async (t) => {
  const { cache, get } = await place(t);
  assert.equal((await get({ revision: 'v1.0' })).commit, commitOf('v1'));
  assert.equal((await get({ revision: 'refs/pr/1' })).commit, commitOf('pr'));
  assert.equal((await get({ revision: commit })).commit, commit);
  assert.equal(await readFile(join(cache, 'models--owner--vit', 'refs', 'refs', 'pr', '1'), 'utf8'), commitOf('pr'));
  // One blob for all of them.
  assert.equal((await blobs(cache)).length, 3);
  assert.equal(
    await findModel({ id, revision: 'v1.0' }, cache),
    join(cache, 'models--owner--vit', 'snapshots', commitOf('v1')),
  );
  await assert.rejects(get({ revision: 'v2' }), refused('HUB_REVISION_MISSING', /v2/));
});

test('shards: exactly those that the index names', async (t) => {
  const [one, two] = [weights.subarray(0, 1000), weights.subarray(1000, 3000)];
  const index = { weight_map: { a: 'model-1.safetensors', b: 'model-2.safetensors', c: 'model-1.safetensors' } };
  const files = {
    'config.json': Buffer.from('{}'),
    'model-1.safetensors': one,
    'model-2.safetensors': two,
    'other.safetensors': one,
  };
  const { get, cache } = await place(
    t,
    model({ files: { ...files, 'model.safetensors.index.json': Buffer.from(JSON.stringify(index)) } }),
  );
  const { folder } = await get();
  assert.deepEqual((await readdir(folder)).sort(), [
    'config.json',
    'model-1.safetensors',
    'model-2.safetensors',
    'model.safetensors.index.json',
  ]);
  assert.equal(await findModel({ id }, cache), folder);
});

test('an index that leads out of the repository is refused', async (t) => {
  const index = Buffer.from(JSON.stringify({ weight_map: { a: '../../evil.safetensors' } }));
  const { get } = await place(
    t,
    model({ files: { 'config.json': Buffer.from('{}'), 'model.safetensors.index.json': index } }),
  );
  await assert.rejects(get(), refused('HUB_FILE_MISSING'));
});

test('after a lost connection the same download continues with a range', async (t) => {
  const { server, get } = await place(t);
  server.faults.set('/model.safetensors', [{ cutAfter: 100_000 }, { cutAfter: 50_000 }]);
  const { folder } = await get();
  assert.deepEqual(await readFile(join(folder, 'model.safetensors')), weights);
  const ranges = server.of('model.safetensors', 'storage').map(({ range }) => range);
  assert.equal(ranges.length, 3);
  assert.equal(ranges[0], undefined);
  for (const range of ranges.slice(1)) assert.match(range!, /^bytes=[1-9]\d*-$/);
});

test('after a cancelled download the next one continues with a range', async (t) => {
  const { server, cache, get } = await place(t);
  server.faults.set('/model.safetensors', [{ hangAfter: 120_000 }]);
  const controller = new AbortController();
  const cancelled = assert.rejects(get({ signal: controller.signal, patience: {} }), { name: 'AbortError' });
  await untilPart(cache);
  controller.abort();
  await cancelled;
  const part = `${sha256(weights)}.vitune.incomplete`;
  const { size } = await stat(join(cache, 'models--owner--vit', 'blobs', part));
  assert.ok(size > 0 && size <= 120_000);
  assert.equal(await findModel({ id }, cache), undefined);
  const { folder } = await get();
  assert.equal(server.of('model.safetensors', 'storage').at(-1)!.range, `bytes=${size}-`);
  assert.deepEqual(await readFile(join(folder, 'model.safetensors')), weights);
  assert.ok(!(await blobs(cache)).includes(part));
});

test("Python's unfinished file is continued in a copy, and left to Python", async (t) => {
  const { server, cache, get } = await place(t);
  const folder = join(cache, 'models--owner--vit', 'blobs');
  await mkdir(folder, { recursive: true });
  const unfinished = join(folder, `${sha256(weights)}.incomplete`);
  await writeFile(unfinished, weights.subarray(0, 70_000));
  await get();
  assert.equal(server.of('model.safetensors', 'storage')[0]!.range, 'bytes=70000-');
  assert.equal((await stat(unfinished)).size, 70_000);
});

test('corrupt leftover bytes: the download restarts from the beginning', async (t) => {
  const { server, cache, get } = await place(t);
  const folder = join(cache, 'models--owner--vit', 'blobs');
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, `${sha256(weights)}.vitune.incomplete`), Buffer.alloc(1000, 1));
  const done = await get();
  assert.deepEqual(await readFile(join(done.folder, 'model.safetensors')), weights);
  assert.deepEqual(
    server.of('model.safetensors', 'storage').map(({ range }) => range),
    ['bytes=1000-', undefined],
  );
});

test('a server without ranges starts from the beginning', async (t) => {
  const { server, get } = await place(t);
  server.faults.set('/model.safetensors', [{ cutAfter: 100_000 }, { noRange: true }]);
  assert.deepEqual(await readFile(join((await get()).folder, 'model.safetensors')), weights);
});

test('a short body, and silence, count as interruptions', async (t) => {
  const { server, get } = await place(t);
  server.faults.set('/model.safetensors', [{ endAfter: 10 }, { hangAfter: 1000 }]);
  assert.deepEqual(
    await readFile(join((await get({ patience: { retry: 1, stall: 200 } })).folder, 'model.safetensors')),
    weights,
  );
  const ranges = server.of('model.safetensors', 'storage').map(({ range }) => range);
  assert.deepEqual(ranges.slice(0, 2), [undefined, 'bytes=10-']);
});

test('a connection that breaks each time is given up', async (t) => {
  const { server, cache, get } = await place(t);
  server.faults.set('/model.safetensors', [{ cutAfter: 5000 }, ...Array.from({ length: 9 }, () => ({ cutAfter: 0 }))]);
  await assert.rejects(get(), refused('HUB_UNREACHABLE'));
  assert.ok((await blobs(cache)).some((name) => name.endsWith('.incomplete')));
  assert.equal(await findModel({ id }, cache), undefined);
});

test('wrong content: not kept, whether large or small', async (t) => {
  const { server, cache, get } = await place(t);
  server.lie = (record) =>
    record.path === 'model.safetensors' ? { ...record, lfs: { oid: 'a'.repeat(64), size: weights.length } } : record;
  await assert.rejects(get(), refused('HUB_HASH_WRONG', /model\.safetensors/));
  server.lie = (record) => (record.path === 'config.json' ? { ...record, oid: 'b'.repeat(40) } : record);
  await assert.rejects(get(), refused('HUB_HASH_WRONG', /config\.json/));
  assert.ok(
    (await blobs(cache)).every((name) => !/^[ab]+/.exec(name)?.[0].startsWith('aaaaa') && !name.startsWith('bbbbb')),
  );
});

test('more bytes than announced are refused', async (t) => {
  const { server, get } = await place(t);
  server.lie = (record) => (record.path === 'model.safetensors' ? { ...record, size: 1000 } : record);
  await assert.rejects(get(), refused('HUB_ANSWER_WRONG'));
});

test('repositories and files that do not exist', async (t) => {
  const { server, get } = await place(t, model(), model({ id: 'owner/private', privateFor: 'hf_mine' }));
  await assert.rejects(get({ id: 'owner/none' }), refused('HUB_REPOSITORY_MISSING', /owner\/none/));
  await assert.rejects(get({ id: 'owner/none', token: 'hf_x' }), refused('HUB_REPOSITORY_MISSING'));
  await assert.rejects(get({ id: 'owner/private' }), refused('HUB_REPOSITORY_MISSING'));
  await get({ id: 'owner/private', token: 'hf_mine' });
  server.faults.set('/model.safetensors', [{ status: 404, headers: { 'x-error-code': 'EntryNotFound' } }]);
  await assert.rejects(get(), refused('HUB_FILE_MISSING', /model\.safetensors/));
});

test('gated models, and tokens that are refused', async (t) => {
  const { get } = await place(t, model({ gatedFor: 'hf_member' }));
  await assert.rejects(get(), refused('HUB_TOKEN_NEEDED'));
  await assert.rejects(get({ token: 'hf_other' }), refused('HUB_ACCESS_DENIED'));
  await assert.rejects(get({ token: 'hf_bad' }), refused('HUB_TOKEN_REFUSED'));
  await get({ token: 'hf_member' });
});

test('repositories that are not a safe model', async (t) => {
  const config = Buffer.from('{}');
  const { get, server } = await place(
    t,
    model({ id: 'owner/pickle', files: { 'config.json': config, 'pytorch_model.bin': Buffer.alloc(9) } }),
    model({ id: 'owner/empty', files: { 'README.md': config } }),
    model({ id: 'owner/no-weights', files: { 'config.json': config } }),
    model({ id: 'owner/evil', files: { 'config.json': config, '../../../evil': config } }),
  );
  await assert.rejects(get({ id: 'owner/pickle' }), refused('HUB_PICKLE_ONLY', /pytorch_model\.bin/));
  await assert.rejects(get({ id: 'owner/empty' }), refused('HUB_NOT_A_MODEL'));
  await assert.rejects(get({ id: 'owner/no-weights' }), refused('HUB_NOT_A_MODEL'));
  await assert.rejects(get({ id: 'owner/evil' }), refused('HUB_NAME_UNSAFE'));
  assert.equal(server.asked.filter(({ path }) => path.includes('/resolve/')).length, 0);
});

test('what the card states as licence is known before a file is requested', async (t) => {
  const cards: [card: Record<string, unknown>, licence: string | undefined][] = [
    [{ license: 'mit' }, 'mit'],
    [{ license: ['mit', 'cc-by-4.0'] }, 'mit, cc-by-4.0'],
    [{ license: 'other', license_name: 'dinov3-license' }, 'dinov3-license'],
    [{ license: 'other' }, 'other'],
    [{}, undefined],
    [{ license: 7 }, undefined],
  ];
  for (const [card, licence] of cards) {
    const { get, server } = await place(t, model({ card }));
    const said: unknown[] = [];
    await get({ onLicence: (stated) => said.push(stated, server.asked.length) });
    assert.deepEqual(said, [licence, 1]);
  }
});

test('a network that ViTune cannot read is refused before its weights are requested', async (t) => {
  const configs: [config: object, code: string, words: RegExp][] = [
    [{ model_type: 'bert', architectures: ['BertForMaskedLM'] }, 'ARCHITECTURE_UNKNOWN', /BertForMaskedLM/],
    [
      { model_type: 'mine', architectures: ['Mine'], auto_map: { AutoModel: 'mine.Mine' } },
      'MODEL_NEEDS_CODE',
      /Mine.*auto_map/,
    ],
  ];
  for (const [config, code, words] of configs) {
    const { files } = model();
    const { get, server, cache } = await place(
      t,
      model({ files: { ...files, 'config.json': Buffer.from(JSON.stringify(config)) } }),
    );
    await assert.rejects(get({ checkConfig }), refused(code, words));
    assert.deepEqual(
      server.asked.filter(({ path }) => path.endsWith('.safetensors')),
      [],
    );
    assert.equal(await findModel({ id }, cache), undefined);
  }
});

const network = (name: string) => readFile(join(golden, 'onnx', name));
/** A model as optimum and transformers.js store it, with external weights. */
const onnxModel = async (more: Record<string, Buffer> = {}): Promise<HubRepository> =>
  model({
    large: (path) => /\.(onnx|data)$/.test(path),
    files: {
      'README.md': Buffer.from('# a network'),
      'config.json': Buffer.from('{}'),
      'preprocessor_config.json': Buffer.from('{"size":32}'),
      'onnx/resnet-beside.onnx': await network('resnet-beside.onnx'),
      'onnx/resnet-beside.onnx.data': await network('resnet-beside.onnx.data'),
      ...more,
    },
  });

test('a repository with only an ONNX file: the file, its external weights and the preprocessor', async (t) => {
  const { server, cache, get } = await place(t, await onnxModel());
  // An interruption before the weights are complete leaves no network without them.
  server.faults.set('.onnx.data', [
    { status: 500 },
    { status: 500 },
    { status: 500 },
    { status: 500 },
    { status: 500 },
    { status: 500 },
  ]);
  await assert.rejects(get(), UserError);
  assert.equal(await findModel({ id }, cache), undefined);
  server.faults.clear();
  const { folder, files, bytes } = await get();
  assert.equal(files, 4);
  assert.deepEqual((await readdir(folder)).sort(), ['config.json', 'onnx', 'preprocessor_config.json']);
  assert.deepEqual((await readdir(join(folder, 'onnx'))).sort(), ['resnet-beside.onnx', 'resnet-beside.onnx.data']);
  assert.deepEqual(
    await readFile(join(folder, 'onnx', 'resnet-beside.onnx.data')),
    await network('resnet-beside.onnx.data'),
  );
  assert.ok(bytes > 60_000);
  assert.equal(await findModel({ id }, cache), folder);
  assert.deepEqual(await cachedModels(cache), [{ id, folder: join(folder, 'onnx', 'resnet-beside.onnx') }]);
});

test('several ONNX files: the one with the usual name, else the one that is named', async (t) => {
  const half = await network('resnet-half.onnx');
  const { cache, get } = await place(
    t,
    await onnxModel({ 'onnx/half.onnx': half }),
    { ...(await onnxModel({ 'onnx/model.onnx': half })), id: 'owner/usual' },
    { ...(await onnxModel({ 'model.safetensors': weights })), id: 'owner/both' },
    { ...(await onnxModel({ 'onnx/resnet-beside.onnx': Buffer.from('<html>') })), id: 'owner/damaged' },
    model({ id: 'owner/alone', files: { 'a.onnx': await network('resnet-beside.onnx') } }),
  );
  await assert.rejects(get(), (error) => {
    assert.match((error as UserError).remedy, /owner\/vit:onnx\/half\.onnx$/);
    return refused('HUB_ONNX_FILES_MANY', /onnx\/half\.onnx, onnx\/resnet-beside\.onnx/)(error);
  });
  const { folder } = await get({ file: 'onnx/half.onnx' });
  assert.deepEqual(await readdir(join(folder, 'onnx')), ['half.onnx']);
  assert.equal(await findModel({ id, file: 'onnx/half.onnx' }, cache), folder);
  // A file that was named once does not become the meaning of the bare name.
  assert.equal(await findModel({ id }, cache), undefined);
  await assert.rejects(get({ file: 'onnx/none.onnx' }), refused('HUB_FILE_MISSING', /onnx\/none\.onnx/));
  assert.deepEqual(await readdir(join((await get({ id: 'owner/usual' })).folder, 'onnx')), ['model.onnx']);
  assert.ok(!(await readdir((await get({ id: 'owner/both' })).folder)).includes('onnx'));
  assert.equal(await findModel({ id: 'owner/both', file: 'onnx/resnet-beside.onnx' }, cache), undefined);
  await assert.rejects(
    get({ id: 'owner/damaged' }),
    refused('ONNX_DAMAGED', /owner\/damaged:onnx\/resnet-beside\.onnx/),
  );
  await assert.rejects(get({ id: 'owner/alone' }), refused('HUB_FILE_MISSING', /resnet-beside\.onnx\.data/));
});

test('a login page instead of a response or of weights', async (t) => {
  const page = { status: 200, headers: { 'content-type': 'text/html; charset=utf-8' }, body: '<html>Log in</html>' };
  const { server, get, cache } = await place(t);
  for (const path of ['/revision/', '/tree/', '/config.json', '/model.safetensors']) {
    server.faults.set(path, [page]);
    await assert.rejects(get(), refused('HUB_NOT_THE_HUB', /127\.0\.0\.1/), path);
  }
  assert.equal(await findModel({ id }, cache), undefined);
});

test('responses that are not JSON, or another JSON', async (t) => {
  const { server, get } = await place(t);
  const json = (body: string) => ({ status: 200, headers: { 'content-type': 'application/json' }, body });
  const cases: [path: string, body: string][] = [
    ['/revision/', '{'],
    ['/revision/', '{"sha":"../../x"}'],
    ['/revision/', '[]'],
    ['/tree/', '{"error":"no"}'],
    ['/tree/', '[{"type":"file","path":"config.json"}]'],
    ['/tree/', '[{"type":"file","path":"config.json","size":-1,"oid":"x"}]'],
  ];
  for (const [path, body] of cases) {
    server.faults.set(path, [json(body)]);
    await assert.rejects(get(), refused('HUB_ANSWER_WRONG'), body);
  }
});

test('a busy server: waits as requested, and gives up in the end', async (t) => {
  const { server, get } = await place(t);
  const busy = { status: 429, headers: { 'retry-after': '0' } };
  server.faults.set('/revision/', [busy, { status: 503 }]);
  server.faults.set('/model.safetensors', [busy]);
  await get();
  assert.equal(server.of('/revision/main').length, 3);
  server.faults.set(
    '/revision/',
    Array.from({ length: 9 }, () => busy),
  );
  await assert.rejects(get({ revision: 'v1.0' }), refused('HUB_BUSY', /429/));
  server.faults.set('/revision/', [{ status: 429, headers: { 'retry-after': '86400' } }]);
  await assert.rejects(get({ revision: 'v1.0' }), refused('HUB_BUSY'));
  server.faults.set('/revision/', [{ status: 418 }]);
  await assert.rejects(get({ revision: 'v1.0' }), refused('HUB_REFUSED', /418/));
});

test('an unreachable server, and offline mode', async (t) => {
  const { server, cache, get } = await place(t);
  const settings = { endpoint: server.endpoint, cache, token: undefined, isOffline: true };
  await assert.rejects(get({ settings }), refused('HUB_OFFLINE', /owner\/vit/));
  assert.equal(server.asked.length, 0);
  server.stop();
  await assert.rejects(get(), refused('HUB_UNREACHABLE', /ECONNREFUSED/));
});

test('two at once, and a lock whose holder is gone', async (t) => {
  const { server, cache, get } = await place(t);
  const [one, two] = await Promise.all([get(), get()]);
  assert.equal(one.folder, two.folder);
  assert.equal(server.of('model.safetensors', 'storage').length, 1);
  assert.deepEqual(await readdir(join(cache, '.locks', 'models--owner--vit')), []);
  assert.ok((await lstat(join(one.folder, 'model.safetensors'))).isSymbolicLink());

  const other = await place(t);
  const locks = join(other.cache, '.locks', 'models--owner--vit');
  await mkdir(locks, { recursive: true });
  await writeFile(join(locks, `${sha256(weights)}.vitune.lock`), `${hostname()} 999999999 1`);
  await other.get();
});

test('a blob of the wrong length is downloaded again', async (t) => {
  const { cache, get } = await place(t);
  const { folder } = await get();
  await writeFile(await realpath(join(folder, 'model.safetensors')), 'half');
  await get();
  assert.deepEqual(await readFile(join(folder, 'model.safetensors')), weights);
  assert.equal((await blobs(cache)).length, 3);
});

test('a cache that is not a folder', async (t) => {
  const { server, folder, get } = await place(t);
  const cache = join(folder, 'file');
  await writeFile(cache, '');
  await assert.rejects(
    get({ settings: { endpoint: server.endpoint, cache, token: undefined, isOffline: false } }),
    refused('HUB_CACHE_UNWRITABLE'),
  );
});

test('a disk that is too small, becomes full, or is read-only', async (t) => {
  const large = Buffer.alloc(3_000_000, 7);
  const { server, cache, get } = await place(
    t,
    model({ files: { 'config.json': Buffer.from('{}'), 'model.safetensors': large } }),
  );
  await mkdir(cache);
  await onSmallDisk(t, cache, 2048, async () => {
    await assert.rejects(get(), refused('HUB_DISK_TOO_SMALL', /4 MB/));
    assert.equal(server.asked.filter(({ path }) => path.includes('/resolve/')).length, 0);
    // Enough at first; then others use it up.
    execFileSync('mount', ['-o', 'remount,size=8m', cache]);
    server.faults.set('/model.safetensors', [{ hangAfter: 1_000_000 }]);
    const filled = assert.rejects(get({ patience: { retry: 1, stall: 1000 } }), refused('HUB_DISK_FULL'));
    await untilPart(cache, large);
    execFileSync('mount', ['-o', 'remount,size=2m', cache]);
    await filled;
    execFileSync('mount', ['-o', 'remount,ro,size=8m', cache]);
    await assert.rejects(get(), refused('HUB_CACHE_UNWRITABLE'));
    execFileSync('mount', ['-o', 'remount,rw,size=8m', cache]);
    await get();
  });
});

const isImage = (path: string) => path.endsWith('.png');
const dataset = (files: Record<string, Buffer>, name = 'owner/pets'): HubRepository => ({
  kind: 'dataset',
  id: name,
  refs: { main: commit },
  files,
  large: isImage,
});
const image = (n: number) => Buffer.from(`image ${n}`);

test('a dataset: its images and labels, names that need escaping, a folder data', async (t) => {
  const files = {
    'README.md': image(0),
    'labels.csv': image(1),
    'train/cat/ä #1?.png': image(2),
    'train/cat/100%.png': image(3),
    'train/dog/1.png': image(4),
    'test/dog/same.png': image(4),
    'loose.png': image(5),
    'train/dog/notes.txt': image(6),
  };
  const { server, cache } = await place(
    t,
    dataset(files),
    dataset({ 'data/train/cat/1.png': image(1), 'data/train/dog/1.png': image(2) }, 'owner/inner'),
  );
  const settings = { endpoint: server.endpoint, cache, token: undefined, isOffline: false };
  assert.equal(await findDataset({ id: 'owner/pets' }, cache), undefined);
  const { folder, files: count } = await downloadDataset({ id: 'owner/pets' }, isImage, { settings });
  assert.equal(count, 5);
  assert.equal(folder, join(cache, 'datasets--owner--pets', 'snapshots', commit));
  for (const name of [
    'labels.csv',
    'train/cat/ä #1?.png',
    'train/cat/100%.png',
    'train/dog/1.png',
    'test/dog/same.png',
  ] as const) {
    assert.deepEqual(await readFile(join(folder, ...name.split('/'))), files[name], name);
  }
  assert.deepEqual((await readdir(folder)).sort(), ['labels.csv', 'test', 'train']);
  assert.deepEqual(await findDataset({ id: 'owner/pets' }, cache), { folder, commit });
  const inner = await downloadDataset({ id: 'owner/inner' }, isImage, { settings });
  assert.equal(inner.folder, join(cache, 'datasets--owner--inner', 'snapshots', commit, 'data'));
});

test('a dataset that is packed, or has no images', async (t) => {
  const { server, cache } = await place(
    t,
    dataset({ 'data/train-0.parquet': image(1) }),
    dataset({ 'a.txt': image(1) }, 'owner/text'),
  );
  const settings = { endpoint: server.endpoint, cache, token: undefined, isOffline: false };
  await assert.rejects(
    downloadDataset({ id: 'owner/pets' }, isImage, { settings }),
    refused('HUB_NOT_AN_IMAGE_FOLDER', /train-0\.parquet/),
  );
  await assert.rejects(
    downloadDataset({ id: 'owner/text' }, isImage, { settings }),
    refused('HUB_NOT_AN_IMAGE_FOLDER'),
  );
  await assert.rejects(
    downloadDataset({ id: 'owner/vit' }, isImage, { settings }),
    refused('HUB_REPOSITORY_MISSING', /dataset/),
  );
});
