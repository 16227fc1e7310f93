/** `vitune download` and `vitune train` with names of the hub, as child processes against a local hub. */
import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, realpath, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import type { Download, ErrorInfo, Inspection, ModelList, TrainEvent } from '../../../src/trainer/protocol.js';
import { assertPlain, jsonLines, tinyModel, vitune, vituneHere, writeConfig } from '../commandLine/program.js';
import { encoded, temporaryFolder } from '../data/images.js';
import { golden } from '../models/goldenCheckpoint.js';
import { commitOf, HubServer } from './hubServer.js';

const [first, second] = [commitOf('first'), commitOf('second')];
const id = 'owner/tiny';

async function place(t: TestContext) {
  const names = ['config.json', 'preprocessor_config.json', 'model.safetensors'];
  const files = Object.fromEntries(
    await Promise.all(names.map(async (name) => [name, await readFile(join(tinyModel, name))] as const)),
  );
  const images: Record<string, Buffer> = {};
  for (const label of ['cat', 'dog'])
    for (let i = 0; i < 6; i++)
      images[`data/train/${label}/${i}.png`] = await encoded(20, 16, 2 * i + Number(label === 'dog'));
  const model = { id, refs: { main: first, old: second }, files };
  const pets = {
    kind: 'dataset' as const,
    id: 'owner/pets',
    refs: { main: first },
    files: images,
    large: () => true,
  };
  const server = await HubServer.start(t, model, pets);
  const folder = await temporaryFolder(t);
  const env = {
    HF_ENDPOINT: server.endpoint,
    HF_HOME: join(folder, 'hf'),
    HF_HUB_CACHE: '',
    HF_TOKEN: '',
    HF_HUB_OFFLINE: '',
  };
  return {
    server,
    model,
    pets,
    folder,
    env,
    snapshot: join(folder, 'hf', 'hub', 'models--owner--tiny', 'snapshots', first),
  };
}

/** Runs in this process, where only the output matters. */
const here = (args: string[], env: NodeJS.ProcessEnv) => {
  Object.assign(process.env, env);
  return vituneHere(args);
};

test('download: progress, the result, the token from the environment and from the file', async (t) => {
  const { server, env, snapshot, folder } = await place(t);
  const ended = await vitune(['download', id, '--json'], { env: { ...env, HF_TOKEN: 'hf_secret' } });
  assert.equal(ended.code, 0, ended.stderr);
  const lines = jsonLines<Download | { type: 'progress'; phase: string; done: number; total: number }>(ended.stdout);
  const result = lines.at(-1);
  assert.ok(result?.type === 'downloaded');
  assert.deepEqual(result, {
    type: 'downloaded',
    kind: 'model',
    id,
    revision: first,
    folder: snapshot,
    files: 3,
    bytes: result.bytes,
    licence: 'apache-2.0',
  });
  for (const line of lines.slice(0, -1))
    assert.ok(
      line.type === 'progress' && line.phase === 'download' && line.total === result.bytes && line.done <= line.total,
    );
  assert.ok(server.of('.safetensors', 'hub').every(({ authorization }) => authorization === 'Bearer hf_secret'));
  assert.ok(server.of('.safetensors', 'storage').every(({ authorization }) => authorization === undefined));
  assert.doesNotMatch(ended.stdout + ended.stderr, /hf_secret/);

  await writeFile(join(folder, 'hf', 'token'), 'hf_filed\n');
  const asText = await vitune(['download', `${id}@old`], { env });
  assert.equal(asText.code, 0, asText.stderr);
  assert.ok(asText.stdout.includes(second) && asText.stdout.includes(join('snapshots', second)));
  assert.equal(server.asked.at(-1)!.authorization, 'Bearer hf_filed');
});

test('models: what is recommended, and what a download brought', async (t) => {
  const { env, snapshot } = await place(t);
  assert.equal((await here(['download', id], env)).code, 0);
  const ended = await here(['models', '--json'], env);
  assert.equal(ended.code, 0, ended.stderr);
  const [list] = jsonLines<ModelList>(ended.stdout);
  assert.equal(list!.type, 'models');
  assert.deepEqual(list!.models.at(-1), { model: id, isHere: true, folder: snapshot });
  const { stdout } = await here(['models'], env);
  assert.match(stdout, /^embedded +4\.9 M parameters, 10 MB .*at hand/m);
  assert.match(stdout, /^facebook\/dinov2-small .*88 MB +Apache-2\.0 /m);
  assert.match(stdout, /^owner\/tiny +at hand/m);
  assert.ok(stdout.includes(list!.checked));
});

test('download: wrong names and repositories', async (t) => {
  const { env } = await place(t);
  const cases: [args: string[], code: string][] = [
    [['download', 'vit'], 'HUB_NAME_INVALID'],
    [['download', '../owner/tiny'], 'HUB_NAME_INVALID'],
    [['download', 'owner/tiny@../../x'], 'HUB_NAME_INVALID'],
    [['download', 'owner/tiny:../x.onnx'], 'HUB_NAME_INVALID'],
    [['download', 'owner/tiny:weights.bin'], 'HUB_NAME_INVALID'],
    [['download', 'owner/tiny:none.onnx'], 'HUB_FILE_MISSING'],
    [['download', 'owner/pets:a.onnx', '--dataset'], 'HUB_NAME_INVALID'],
    [['download'], 'USAGE'],
    [['download', id, '--dataset'], 'HUB_REPOSITORY_MISSING'],
    [['download', `${id}@none`], 'HUB_REVISION_MISSING'],
  ];
  for (const [args, code] of cases) {
    const ended = await here([...args, '--json'], env);
    assert.equal(ended.code, 2, args.join(' '));
    assertPlain(ended);
    assert.equal(jsonLines<ErrorInfo>(ended.stdout).at(-1)!.code, code, args.join(' '));
  }
});

test(
  'Ctrl-C ends a download with 130, a kill ends it at once; the next goes on',
  { skip: process.platform === 'win32' && 'Windows sends no signals' },
  async (t) => {
    const { server, env, snapshot } = await place(t);
    const blobs = join(snapshot, '..', '..', 'blobs');
    for (const signal of ['SIGINT', 'SIGKILL'] as const) {
      server.faults.set('/model.safetensors', [{ hangAfter: signal === 'SIGINT' ? 30_000 : 10_000 }]);
      const begun = server.of('model.safetensors', 'storage').length;
      let isWatched = false;
      const running = vitune(['download', id, '--json'], {
        env,
        onLine: (_line, child) => {
          if (isWatched) return;
          isWatched = true;
          const timer = setInterval(() => {
            if (server.of('model.safetensors', 'storage').length === begun) return;
            clearInterval(timer);
            setTimeout(() => child.kill(signal), 200);
          }, 20);
        },
      });
      const ended = await running;
      assert.deepEqual([ended.code, ended.signal], signal === 'SIGINT' ? [130, null] : [null, 'SIGKILL']);
      assert.ok((await readdir(blobs)).some((name) => name.endsWith('.incomplete')));
    }
    const ended = await vitune(['download', id], { env });
    assert.equal(ended.code, 0, ended.stderr);
    const ranges = server.of('model.safetensors', 'storage').map(({ range }) => range);
    assert.equal(ranges[0], undefined);
    for (const range of ranges.slice(1)) assert.match(range!, /^bytes=[1-9]/);
    assert.deepEqual(
      await readFile(join(snapshot, 'model.safetensors')),
      await readFile(join(tinyModel, 'model.safetensors')),
    );
  },
);

test('two processes at once download a file once', async (t) => {
  const { server, env, snapshot } = await place(t);
  const both = await Promise.all([vitune(['download', id], { env }), vitune(['download', id], { env })]);
  for (const { code, stderr } of both) assert.equal(code, 0, stderr);
  assert.equal(server.of('model.safetensors', 'storage').length, 1);
  assert.ok((await stat(join(snapshot, 'model.safetensors'))).isFile());
});

test('train: model and dataset by name; the commit is stored, and a resume keeps it', async (t) => {
  const { server, model, pets, env, folder } = await place(t);
  const config = await writeConfig(folder, {
    model: id,
    dataset: 'hub:owner/pets',
    method: 'lora',
    epochs: 50,
    output: 'run',
  });
  const stopped = await vitune(['train', config, '--json'], {
    env,
    onLine: (line, child) => (JSON.parse(line) as TrainEvent).type === 'checkpoint' && child.kill('SIGINT'),
  });
  assert.equal(stopped.code, 130, stopped.stderr);
  const events = jsonLines<TrainEvent>(stopped.stdout);
  const started = events.find((event) => event.type === 'started');
  assert.ok(started?.type === 'started' && started.model === id);
  assert.deepEqual(started.labels, ['cat', 'dog']);
  const downloads = events.flatMap((event) => (event.type === 'progress' && event.phase === 'download' ? [event] : []));
  assert.ok(downloads.some(({ done, total }) => done === total && total > 30_000));
  const run = join(folder, 'run');
  const checkpoint = join(run, 'checkpoints', (await readFile(join(run, 'last'), 'utf8')).trim());
  const about = JSON.parse(await readFile(join(checkpoint, 'vitune.json'), 'utf8')) as {
    base: { model: string; revision: string };
  };
  assert.deepEqual([about.base.model, about.base.revision], [id, first]);
  const adapter = JSON.parse(await readFile(join(checkpoint, 'adapter_config.json'), 'utf8')) as Record<
    string,
    unknown
  >;
  assert.deepEqual([adapter.base_model_name_or_path, adapter.revision], [id, first]);

  assert.equal(
    (JSON.parse(await readFile(join(checkpoint, 'state.json'), 'utf8')) as { datasetRevision: string }).datasetRevision,
    first,
  );

  // The branches change and are downloaded: other weights under the same name, and one image less.
  pets.refs.main = second;
  delete pets.files['data/train/cat/0.png'];
  assert.equal((await vitune(['download', 'owner/pets', '--dataset'], { env })).code, 0);
  model.refs.main = commitOf('third');
  const bytes = Buffer.from(model.files['model.safetensors']!);
  bytes.writeFloatLE(0.5, bytes.length - 4);
  model.files['model.safetensors'] = bytes;
  assert.equal((await vitune(['download', id], { env })).code, 0);
  server.stop();
  const offline = { ...env, HF_HUB_OFFLINE: '1' };
  const image = await realpath(
    join(folder, 'hf', 'hub', 'datasets--owner--pets', 'snapshots', first, 'data', 'train', 'cat', '0.png'),
  );
  await mkdir(join(folder, 'more'));
  await writeFile(join(folder, 'more', 'a.png'), await readFile(image));
  const classified = await vitune(['classify', join(folder, 'more', 'a.png'), '--checkpoint', run, '--json'], {
    env: offline,
  });
  assert.equal(classified.code, 0, classified.stderr);
  const resumed = await vitune(['train', config, '--resume', '--set', 'maxSteps=8', '--json'], { env: offline });
  assert.equal(resumed.code, 0, resumed.stdout + resumed.stderr);
});

test('an ONNX file of the hub is the body of a head, by name and by file; its checkpoint needs no network', async (t) => {
  const { server, model, env, folder } = await place(t);
  const network = await readFile(join(golden, 'onnx', 'resnet.onnx'));
  const preprocessor = Buffer.from(
    '{"size":{"height":32,"width":32},"image_mean":[0.5,0.5,0.5],"image_std":[0.5,0.5,0.5]}',
  );
  model.files = { 'onnx/model.onnx': network, 'onnx/other.onnx': network, 'preprocessor_config.json': preprocessor };
  for (const [name, run] of [
    [id, 'run'],
    [`${id}@main:onnx/other.onnx`, 'other'],
  ] as const) {
    const config = await writeConfig(folder, {
      model: name,
      dataset: 'hub:owner/pets',
      method: 'head',
      epochs: 1,
      output: run,
    });
    const trained = await vitune(['train', config, '--json'], { env });
    assert.equal(trained.code, 0, trained.stdout + trained.stderr);
    // The preprocessor of the repository applies to the file in its folder.
    assert.ok(!trained.stdout.includes('ONNX_NORMALISATION'));
    const checkpoint = join(folder, run, 'checkpoints', (await readFile(join(folder, run, 'last'), 'utf8')).trim());
    const { base } = JSON.parse(await readFile(join(checkpoint, 'vitune.json'), 'utf8')) as {
      base: { model: string; revision: string; imageSize: number };
    };
    assert.deepEqual([base.model, base.revision, base.imageSize], [name.replace('@main', ''), first, 32]);
  }
  server.stop();
  const image = await realpath(
    join(folder, 'hf', 'hub', 'datasets--owner--pets', 'snapshots', first, 'data', 'train', 'cat', '0.png'),
  );
  await writeFile(join(folder, 'a.png'), await readFile(image));
  const classify = (run: string) =>
    here(['classify', join(folder, 'a.png'), '--checkpoint', join(folder, run), '--json'], env);
  for (const run of ['run', 'other']) assert.equal((await classify(run)).code, 0);
  await rm(join(folder, 'hf', 'hub', 'models--owner--tiny'), { recursive: true });
  const refused = await classify('other');
  assert.equal(refused.code, 2);
  const error = jsonLines<ErrorInfo>(refused.stdout).at(-1)!;
  assert.equal(error.code, 'BASE_MISSING');
  assert.match(error.remedy, new RegExp(`vitune download ${id}@${first}:onnx/other\\.onnx`));
});

test('inspect and evaluate also accept a dataset of the hub', async (t) => {
  const { env } = await place(t);
  const inspected = await here(['inspect', 'hub:owner/pets', '--json'], env);
  assert.equal(inspected.code, 0, inspected.stderr);
  const [inspection] = jsonLines<Inspection>(inspected.stdout);
  assert.deepEqual(
    inspection!.counts.map(({ label, train, validation }) => [label, train + validation]),
    [
      ['cat', 6],
      ['dog', 6],
    ],
  );
  const evaluated = await here(['evaluate', '--checkpoint', tinyModel, '--dataset', 'hub:pets', '--json'], env);
  assert.equal(jsonLines<ErrorInfo>(evaluated.stdout).at(-1)!.code, 'HUB_NAME_INVALID');
});

test('train: offline without a cache, a revision given twice, and invalid names', async (t) => {
  const { env, folder } = await place(t);
  await mkdir(join(folder, 'photos'));
  const cases: [config: object, code: string, more?: object][] = [
    [{ model: id }, 'HUB_OFFLINE', { HF_HUB_OFFLINE: '1' }],
    [{ model: `${id}@old`, revision: 'main' }, 'HUB_REVISION_TWICE'],
    [{ model: id, revision: '../x' }, 'HUB_NAME_INVALID'],
    [{ model: `${id}@` }, 'HUB_NAME_INVALID'],
    [{ model: id, revision: 'none' }, 'HUB_REVISION_MISSING'],
    [{ model: tinyModel, dataset: 'hub:pets' }, 'HUB_NAME_INVALID'],
    [{ model: tinyModel, dataset: 'hub:owner/none' }, 'HUB_REPOSITORY_MISSING'],
  ];
  // A folder was meant, perhaps: what is requested, and where, is said before it is.
  const meant = await writeConfig(folder, { model: 'models/vit', method: 'head' });
  const asked = await here(['train', meant, '--json'], env);
  const [notice, refusal] = jsonLines<ErrorInfo & { type: string }>(asked.stdout);
  assert.deepEqual([notice!.type, notice!.code], ['notice', 'MODEL_REQUESTED_FROM_HUB']);
  assert.ok(notice!.message.includes('models/vit') && notice!.message.includes(env.HF_ENDPOINT));
  assert.deepEqual([asked.code, refusal!.type, refusal!.code], [2, 'error', 'HUB_REPOSITORY_MISSING']);
  for (const [config, code, more] of cases) {
    const path = await writeConfig(folder, { ...config, method: 'head' });
    const ended = await here(['train', path, '--json'], { ...env, ...more });
    const error = jsonLines<ErrorInfo>(ended.stdout).at(-1)!;
    assert.deepEqual([ended.code, error.code, error.file], [2, code, path], JSON.stringify(config) + ended.stderr);
    assert.ok(error.line! > 1);
    assertPlain(ended);
  }
  assert.deepEqual(await readdir(join(folder, 'runs')).catch(() => []), []);
});

test('a cached model is used without a network', async (t) => {
  const { server, env, folder } = await place(t);
  assert.equal((await vitune(['download', id], { env })).code, 0);
  const asked = server.asked.length;
  server.stop();
  const images = join(folder, 'photos');
  for (const label of ['cat', 'dog']) {
    await mkdir(join(images, label), { recursive: true });
    for (let i = 0; i < 5; i++) await writeFile(join(images, label, `${i}.png`), await encoded(20, 16, i));
  }
  const config = await writeConfig(folder, { model: id, method: 'head', maxSteps: 1 });
  const ended = await vitune(['train', config], { env });
  assert.equal(ended.code, 0, ended.stderr);
  assert.equal(server.asked.length, asked);
});

test('the licence of a model is said at its download, and that there is none', async (t) => {
  const { model, env, folder } = await place(t);
  const stated = await here(['download', id], env);
  assert.match(stated.stdout, /^Licence: apache-2\.0$/m);
  const [result] = jsonLines<Download>((await here(['download', id, '--json'], env)).stdout).slice(-1);
  assert.equal(result!.licence, 'apache-2.0');
  Object.assign(model, { card: {} });
  const unstated = await here(['download', id, '--json'], env);
  assert.equal(unstated.code, 0);
  assert.match(unstated.stderr, /HUB_LICENCE_MISSING.*owner\/tiny/);
  assert.equal(jsonLines<Download>(unstated.stdout).at(-1)!.licence, null);
  // A run that downloads it says so, too.
  const config = await writeConfig(folder, { model: id, dataset: 'hub:owner/pets', method: 'head', output: 'run' });
  const unseen = { ...env, HF_HOME: join(folder, 'other') };
  const trained = await here(['train', config, '--json'], unseen);
  const notices = jsonLines<TrainEvent>(trained.stdout).filter(({ type }) => type === 'notice');
  assert.match(JSON.stringify(notices), /HUB_LICENCE_MISSING/);
});
