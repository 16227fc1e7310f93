/**
 * What bad input gets from the command line: code, words, remedy and place, exit 2, never a stack, and nothing lost.
 */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { appendFile, copyFile, cp, mkdir, readdir, readFile, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { root } from '../../../scripts/ensure-installed.mjs';
import { readSafetensors, writeSafetensors } from '../../../src/trainer/checkpoint/safetensors.js';
import type { Classification, ErrorInfo, TrainEvent } from '../../../src/trainer/protocol.js';
import {
  assertPlain,
  eventsOf,
  jsonLines,
  tinyModel,
  vitune,
  vituneHere,
  writeConfig,
  writeDataset,
} from '../commandLine/program.js';
import { encoded, temporaryFolder, writeTree } from '../data/images.js';

interface Expected {
  code: string;
  message: RegExp;
  remedy: RegExp;
  /** Path of the place, relative to the case's folder. */
  file?: string;
  line?: number;
  column?: number;
}

/** What a case may use. */
interface Given {
  /** Empty but for `photos`, two classes of five good images. */
  folder: string;
  /** Writes a config and gives the arguments that train by it. */
  train(config?: object, ...more: string[]): Promise<string[]>;
  /** A copy of the tiny model, for its files to be spoilt. */
  model(): Promise<string>;
  /** A run on the model `model` and the images `photos`, stopped early; its folder and its last checkpoint. */
  stopped(): Promise<{ run: string; checkpoint: string; resume: string[] }>;
}

interface Case {
  name: string;
  arrange(given: Given): Promise<string[]>;
  expected: Expected;
  /** It is found only after the run has begun. */
  isLate?: true;
  /** Changes where programs look for devices. */
  env?: NodeJS.ProcessEnv;
}

/** A stopped run that cases copy, made once. */
let prototype: string;
let lastStep: string;
const cleanUps: (() => unknown)[] = [];
before(async () => {
  const suite = { after: (clean: () => unknown) => void cleanUps.push(clean) };
  prototype = await temporaryFolder(suite as Parameters<typeof temporaryFolder>[0]);
  await writeDataset(join(prototype, 'photos'), { good: 5, fine: 5 });
  await cp(tinyModel, join(prototype, 'model'), { recursive: true });
  const config = await writeConfig(prototype, { model: './model', method: 'lora', epochs: 100, output: 'run' });
  const ended = await vitune(['train', config, '--json'], {
    onLine: (line, child) => (JSON.parse(line) as TrainEvent).type === 'checkpoint' && child.kill('SIGINT'),
  });
  assert.equal(ended.code, 130, ended.stderr);
  lastStep = (await readFile(join(prototype, 'run', 'last'), 'utf8')).trim();
});
after(async () => {
  for (const clean of cleanUps) await clean();
});

const damaged = (file: string, code: string, message: RegExp): Expected => ({
  code,
  message,
  remedy: /Download or export it again/,
  file,
});

/** Writes a safetensors file with this header and so many bytes of data. */
async function writeRaw(file: string, header: string, bytes: number): Promise<void> {
  const text = Buffer.from(header);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  await writeFile(file, Buffer.concat([length, text, Buffer.alloc(bytes)]));
}

/** Changes a tensor of a safetensors file. */
async function editTensor(
  file: string,
  name: string,
  edit: (tensor: { shape: number[]; data: Float32Array }) => void,
): Promise<void> {
  const { tensors } = await readSafetensors(file);
  edit(tensors.get(name)!);
  await writeSafetensors(file, tensors, { format: 'pt' });
}

const weights = 'model/model.safetensors';
const aWeight = 'vit.encoder.layer.0.attention.attention.query.weight';
const spoiltModel = (spoil: (file: string, folder: string) => Promise<unknown>) => async (given: Given) => {
  const folder = await given.model();
  await spoil(join(folder, 'model.safetensors'), folder);
  return given.train({ model: './model' });
};
const spoiltCheckpoint = (
  spoil: (checkpoint: string, folder: string) => Promise<unknown>,
  command: 'resume' | 'classify' = 'resume',
) => {
  return async (given: Given) => {
    const { checkpoint, resume } = await given.stopped();
    await spoil(checkpoint, given.folder);
    return command === 'resume' ? resume : ['classify', join(given.folder, 'photos'), '--checkpoint', checkpoint];
  };
};
/** A file of the stopped run's last checkpoint, whose step is known only when it has stopped. */
const checkpointFile = (name: string): string => join('run', 'checkpoints', '<last>', name);
const located = (file: string): string => file.replace('<last>', lastStep);

const cases: Case[] = [
  // Datasets.
  {
    name: 'a dataset folder that does not exist',
    arrange: ({ train }) => train({ dataset: 'nowhere' }),
    expected: {
      code: 'DATASET_MISSING',
      message: /does not exist/,
      remedy: /path/,
      file: 'run.vitune.json',
      line: 3,
      column: 14,
    },
  },
  {
    name: 'no images',
    arrange: async ({ folder, train }) => {
      await writeTree(join(folder, 'empty'), { 'a/notes.txt': 'x', 'b/.hidden.png': 'x' });
      return train({ dataset: 'empty' });
    },
    expected: { code: 'DATASET_EMPTY', message: /no image/, remedy: /folder of its own/, file: 'empty' },
  },
  {
    name: 'images that are not sorted into classes',
    arrange: ({ train }) => train({ dataset: 'photos/good' }),
    expected: { code: 'DATASET_FLAT', message: /5 images/, remedy: /folder of its own/, file: 'photos/good' },
  },
  {
    name: 'a single class',
    arrange: async ({ folder, train }) => {
      await rm(join(folder, 'photos', 'fine'), { recursive: true });
      return train();
    },
    expected: { code: 'DATASET_ONE_CLASS', message: /only one class, good/, remedy: /another class/, file: 'photos' },
  },
  {
    name: 'classes of one image each, which leave nothing to validate on',
    arrange: async ({ folder, train }) => {
      await writeDataset(join(folder, 'few'), { a: 1, b: 1 });
      return train({ dataset: 'few' });
    },
    expected: { code: 'VALIDATION_EMPTY', message: /validate/, remedy: /ten or more/, file: 'few' },
  },
  {
    name: 'a class whose images are all damaged',
    arrange: async ({ folder, train }) => {
      await writeTree(join(folder, 'photos', 'bad'), { '1.jpg': 'not an image', '2.png': '', '3.gif': 'GIF89a' });
      return train();
    },
    isLate: true,
    expected: { code: 'CLASS_LOST', message: /class bad/, remedy: /Replace/, file: 'photos' },
  },
  {
    name: 'nothing but damaged images',
    arrange: async ({ folder, train }) => {
      await writeTree(join(folder, 'bad'), { 'a/1.jpg': 'x', 'a/2.jpg': 'x', 'b/1.jpg': 'x', 'b/2.jpg': 'x' });
      return train({ dataset: 'bad' });
    },
    isLate: true,
    expected: { code: 'NO_READABLE_IMAGES', message: /None of the images/, remedy: /Replace/, file: 'bad' },
  },

  // Configs.
  {
    name: 'no config file',
    arrange: async ({ folder }) => ['train', join(folder, 'absent.vitune.json')],
    expected: {
      code: 'CONFIG_MISSING',
      message: /no such config/,
      remedy: /\.vitune\.json/,
      file: 'absent.vitune.json',
    },
  },
  {
    name: 'a config key that is misspelt',
    arrange: async ({ folder }) => {
      await writeFile(join(folder, 'c.vitune.json'), '{\n  // how long\n  "epoch": 3,\n  "dataset": "photos"\n}');
      return ['train', join(folder, 'c.vitune.json')];
    },
    expected: {
      code: 'CONFIG_KEY_UNKNOWN',
      message: /"epoch"/,
      remedy: /"epochs"/,
      file: 'c.vitune.json',
      line: 3,
      column: 3,
    },
  },
  {
    name: 'a config value of the wrong type',
    arrange: async ({ folder }) => {
      await writeFile(join(folder, 'c.vitune.json'), '{\n  "dataset": "photos",\n  "epochs": "many"\n}');
      return ['train', join(folder, 'c.vitune.json')];
    },
    expected: {
      code: 'CONFIG_TYPE',
      message: /"epochs" is "many"/,
      remedy: /Allowed/,
      file: 'c.vitune.json',
      line: 3,
      column: 13,
    },
  },
  {
    name: 'a config value out of range',
    arrange: ({ train }) => train({ learningRate: -1 }),
    expected: {
      code: 'CONFIG_VALUE',
      message: /"learningRate" is -1/,
      remedy: /Allowed/,
      file: 'run.vitune.json',
      line: 7,
      column: 19,
    },
  },
  {
    name: 'a --set value out of range',
    arrange: ({ train }) => train({}, '--set', 'epochs=0'),
    expected: { code: 'CONFIG_VALUE', message: /--set epochs=0/, remedy: /Allowed/ },
  },
  {
    name: 'a config that breaks off',
    arrange: async ({ folder }) => {
      await writeFile(join(folder, 'c.vitune.json'), '{\n  "dataset": "photos');
      return ['train', join(folder, 'c.vitune.json')];
    },
    expected: {
      code: 'CONFIG_SYNTAX',
      message: /not valid JSON/,
      remedy: /Correct/,
      file: 'c.vitune.json',
      line: 2,
      column: 14,
    },
  },

  // Models.
  {
    name: 'a model that is not there',
    arrange: ({ train }) => train({ model: './nowhere' }),
    expected: {
      code: 'MODEL_NOT_FOUND',
      message: /nowhere/,
      remedy: /embedded/,
      file: 'run.vitune.json',
      line: 2,
      column: 12,
    },
  },
  {
    name: 'a model of another architecture',
    arrange: spoiltModel((_, folder) =>
      writeFile(
        join(folder, 'config.json'),
        '{"model_type":"resnet","architectures":["ResNetForImageClassification"]}',
      ),
    ),
    expected: {
      code: 'ARCHITECTURE_UNKNOWN',
      message: /ResNet/,
      remedy: /ViTForImageClassification/,
      file: 'model/config.json',
    },
  },
  {
    name: 'a model whose config asks for more than there is',
    arrange: spoiltModel((_, folder) =>
      writeFile(join(folder, 'config.json'), '{"model_type":"vit","num_hidden_layers":1000000}'),
    ),
    expected: {
      code: 'MODEL_CONFIG_INVALID',
      message: /num_hidden_layers/,
      remedy: /Download/,
      file: 'model/config.json',
    },
  },
  {
    name: 'weights in a pickle file only',
    arrange: spoiltModel((file, folder) => rename(file, join(folder, 'pytorch_model.bin'))),
    expected: {
      code: 'MODEL_WEIGHTS_PICKLE',
      message: /pickle/,
      remedy: /safe_serialization/,
      file: 'model/pytorch_model.bin',
    },
  },
  {
    name: 'safetensors with a wrong header',
    arrange: spoiltModel((file) => writeRaw(file, 'this is no JSON', 0)),
    expected: damaged(weights, 'SAFETENSORS_HEADER_NOT_JSON', /header/),
  },
  {
    name: 'an HTML page named model.safetensors',
    arrange: spoiltModel((file) => writeFile(file, '<html><body>404 Not Found</body></html>')),
    expected: damaged(weights, 'SAFETENSORS_HEADER_TOO_LONG', /header/),
  },
  {
    name: 'safetensors with overlapping tensors',
    arrange: spoiltModel((file) =>
      writeRaw(
        file,
        '{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}',
        12,
      ),
    ),
    expected: damaged(weights, 'SAFETENSORS_OVERLAP', /overlap/),
  },
  {
    name: 'safetensors cut short',
    arrange: spoiltModel((file) => truncate(file, 100_000)),
    expected: damaged(weights, 'SAFETENSORS_OUT_OF_BOUNDS', /outside/),
  },
  {
    name: 'a weight of the wrong shape',
    arrange: spoiltModel((file) => editTensor(file, aWeight, (tensor) => (tensor.shape = [24, 96]))),
    expected: {
      code: 'MODEL_WEIGHT_SHAPE',
      message: /query\.weight has the shape \[24, 96\].*\[48, 48\]/,
      remedy: /same model/,
      file: weights,
    },
  },
  {
    name: 'a weight that is not a number',
    arrange: spoiltModel((file) => editTensor(file, aWeight, (tensor) => (tensor.data[5] = NaN))),
    expected: damaged(weights, 'SAFETENSORS_NOT_FINITE', /query\.weight/),
    isLate: true,
  },
  {
    name: 'weights so large that the loss overflows',
    arrange: spoiltModel((file) => editTensor(file, 'vit.layernorm.weight', (tensor) => tensor.data.fill(3e38))),
    expected: { code: 'LOSS_NOT_FINITE', message: /became NaN or infinite/, remedy: /learningRate/ },
    isLate: true,
  },

  // Methods and devices.
  {
    name: 'a LoRA target module that matches nothing',
    arrange: ({ train }) => train({ method: { type: 'lora', targetModules: ['query', 'conv_proj'] } }),
    expected: {
      code: 'TARGET_MODULES_UNMATCHED',
      message: /conv_proj/,
      remedy: /query, key, value, dense/,
      file: 'run.vitune.json',
      line: 10,
      column: 22,
    },
  },
  {
    name: 'a LoRA rank above the width',
    arrange: ({ train }) => train({ method: { type: 'lora', rank: 64 } }),
    expected: {
      code: 'LORA_RANK_TOO_LARGE',
      message: /64.*48/,
      remedy: /at most 48/,
      file: 'run.vitune.json',
      line: 10,
      column: 13,
    },
  },
  {
    name: 'LoRA on a block that the model does not have',
    arrange: ({ train }) => train({ method: { type: 'lora', layersToTransform: [1, 7] } }),
    expected: {
      code: 'LAYER_OUT_OF_RANGE',
      message: /block 7/,
      remedy: /from 0 to 2/,
      file: 'run.vitune.json',
      line: 10,
      column: 26,
    },
  },
  {
    name: 'more blocks to train than there are',
    arrange: ({ train }) => train({ method: { type: 'partial', blocks: 12 } }),
    expected: {
      code: 'BLOCKS_TOO_MANY',
      message: /12.*3/,
      remedy: /at most 3/,
      file: 'run.vitune.json',
      line: 10,
      column: 15,
    },
  },
  {
    name: 'modules to train that match nothing',
    arrange: ({ train }) => train({ method: { type: 'partial', modules: ['mlp'] } }),
    expected: {
      code: 'MODULES_UNMATCHED',
      message: /mlp/,
      remedy: /query/,
      file: 'run.vitune.json',
      line: 10,
      column: 16,
    },
  },
  {
    name: 'a bottleneck above the width',
    arrange: ({ train }) => train({ method: { type: 'adapter', bottleneck: 64 } }),
    expected: {
      code: 'BOTTLENECK_TOO_WIDE',
      message: /64.*48/,
      remedy: /at most 48/,
      file: 'run.vitune.json',
      line: 10,
      column: 19,
    },
  },
  {
    name: 'an image size that the patches do not divide',
    arrange: ({ train }) => train({ imageSize: 33 }),
    expected: { code: 'IMAGE_SIZE_INVALID', message: /33.*8/, remedy: /multiple of 8/, file: 'run.vitune.json' },
  },
  {
    name: 'WebGPU demanded without a driver',
    arrange: ({ train }) => train({ device: 'webgpu' }),
    expected: {
      code: 'DEVICE_UNUSABLE',
      message: /webgpu/,
      remedy: /doctor/,
      file: 'run.vitune.json',
      line: 4,
      column: 13,
    },
    env: { VK_ICD_FILENAMES: join(root, 'no-driver.json'), VK_DRIVER_FILES: join(root, 'no-driver.json') },
  },

  // Resuming.
  {
    name: 'nothing to resume',
    arrange: ({ train }) => train({}, '--resume'),
    expected: {
      code: 'NOTHING_TO_RESUME',
      message: /no unfinished run/,
      remedy: /without --resume/,
      file: 'run.vitune.json',
    },
  },
  {
    name: 'a dataset changed before a resume',
    arrange: spoiltCheckpoint((_, folder) =>
      copyFile(join(folder, 'photos/good/good 0.png'), join(folder, 'photos/good/another.png')),
    ),
    expected: {
      code: 'DATASET_CHANGED',
      message: /differ from those at the start of the run/,
      remedy: /back/,
      file: 'photos',
    },
  },
  {
    name: 'a class added before a resume',
    arrange: spoiltCheckpoint(async (_, folder) => {
      await mkdir(join(folder, 'photos/owl'));
      for (const name of ['0.png', '1.png', '2.png'])
        await copyFile(join(folder, 'photos/good/good 0.png'), join(folder, 'photos/owl', name));
    }),
    expected: {
      code: 'DATASET_CHANGED',
      message: /differ from those at the start of the run/,
      remedy: /back/,
      file: 'photos',
    },
  },
  {
    name: 'a base model swapped before a resume',
    arrange: spoiltCheckpoint((_, folder) =>
      editTensor(join(folder, weights), aWeight, (tensor) => (tensor.data[0]! += 1)),
    ),
    expected: { code: 'BASE_CHANGED', message: /weights differ/, remedy: /original/, file: checkpointFile('') },
  },
  {
    name: 'a base model swapped under a checkpoint that is to classify',
    arrange: spoiltCheckpoint(
      (_, folder) => editTensor(join(folder, weights), aWeight, (tensor) => (tensor.data[0]! += 1)),
      'classify',
    ),
    expected: { code: 'BASE_CHANGED', message: /weights differ/, remedy: /original/, file: checkpointFile('') },
  },
  {
    name: 'a base model that is gone',
    arrange: spoiltCheckpoint((_, folder) => rm(join(folder, 'model'), { recursive: true }), 'classify'),
    expected: { code: 'BASE_MISSING', message: /not there/, remedy: /back/, file: checkpointFile('') },
  },
  {
    name: 'another method on a resume',
    arrange: async (given) => [...(await given.stopped()).resume, '--set', 'method.rank=2'],
    expected: { code: 'METHOD_CHANGED', message: /method/, remedy: /as it was/, file: checkpointFile('') },
  },
  {
    name: 'a checkpoint whose state is cut short',
    arrange: spoiltCheckpoint((checkpoint) => truncate(join(checkpoint, 'state.json'), 10)),
    expected: {
      code: 'CHECKPOINT_DAMAGED',
      message: /JSON/,
      remedy: /another checkpoint/,
      file: checkpointFile('state.json'),
    },
  },
  {
    name: 'a checkpoint whose state lacks the step',
    arrange: spoiltCheckpoint((checkpoint) =>
      writeFile(join(checkpoint, 'state.json'), '{"evaluationsSinceBest":0,"dataset":""}'),
    ),
    expected: {
      code: 'CHECKPOINT_DAMAGED',
      message: /step/,
      remedy: /another checkpoint/,
      file: checkpointFile('state.json'),
    },
  },
  {
    name: 'a checkpoint whose moments are cut short',
    arrange: spoiltCheckpoint((checkpoint) => truncate(join(checkpoint, 'optimizer.safetensors'), 5000)),
    expected: damaged(checkpointFile('optimizer.safetensors'), 'SAFETENSORS_OUT_OF_BOUNDS', /outside/),
  },
  {
    name: 'a checkpoint whose adapter is not finite',
    arrange: spoiltCheckpoint(
      (checkpoint) =>
        editTensor(
          join(checkpoint, 'adapter_model.safetensors'),
          'base_model.model.classifier.weight',
          (tensor) => (tensor.data[0] = Infinity),
        ),
      'classify',
    ),
    expected: damaged(checkpointFile('adapter_model.safetensors'), 'SAFETENSORS_NOT_FINITE', /classifier/),
  },
  {
    name: 'a checkpoint without labels',
    arrange: spoiltCheckpoint(async (checkpoint) => {
      const file = join(checkpoint, 'config.json');
      await writeFile(
        file,
        JSON.stringify({ ...(JSON.parse(await readFile(file, 'utf8')) as object), id2label: undefined }),
      );
    }, 'classify'),
    expected: {
      code: 'CHECKPOINT_DAMAGED',
      message: /id2label/,
      remedy: /another checkpoint/,
      file: checkpointFile('config.json'),
    },
  },
  {
    name: 'an event log with a damaged line',
    arrange: async (given) => {
      const { run, resume } = await given.stopped();
      await appendFile(join(run, 'events.jsonl'), '{"type":"st\n');
      return resume;
    },
    expected: { code: 'RUN_DAMAGED', message: /damaged/, remedy: /new run/, file: 'run/events.jsonl' },
  },
  {
    name: 'an output folder that holds something else',
    arrange: ({ train }) => train({ output: 'photos' }),
    expected: { code: 'OUTPUT_NOT_EMPTY', message: /holds other files/, remedy: /output/, file: 'photos' },
  },

  // Classifying.
  {
    name: 'an image to classify that is not there',
    arrange: async (given) => [
      'classify',
      join(given.folder, 'absent.jpg'),
      '--checkpoint',
      (await given.stopped()).run,
    ],
    expected: { code: 'PATH_MISSING', message: /absent\.jpg/, remedy: /path/, file: 'absent.jpg' },
  },
  {
    name: 'a checkpoint that is none',
    arrange: async ({ folder }) => ['classify', folder, '--checkpoint', join(folder, 'photos')],
    expected: {
      code: 'NOT_A_CHECKPOINT',
      message: /neither a run nor a checkpoint/,
      remedy: /checkpoints/,
      file: 'photos',
    },
  },
  {
    name: 'a class to evaluate on that the model does not know',
    arrange: async (given) => {
      await writeDataset(join(given.folder, 'photos'), { better: 2 });
      return ['evaluate', '--dataset', join(given.folder, 'photos'), '--checkpoint', (await given.stopped()).run];
    },
    expected: { code: 'CLASS_UNKNOWN_TO_MODEL', message: /better/, remedy: /train a new model/, file: 'photos' },
  },
];

for (const { name, arrange, expected, env, isLate } of cases) {
  test(name, async (t) => {
    const folder = await temporaryFolder(t);
    await cp(join(prototype, 'photos'), join(folder, 'photos'), { recursive: true });
    const args = await arrange({
      folder,
      train: async (config = {}, ...more) => ['train', await writeConfig(folder, config), ...more],
      async model() {
        await cp(tinyModel, join(folder, 'model'), { recursive: true });
        return join(folder, 'model');
      },
      async stopped() {
        await cp(join(prototype, 'model'), join(folder, 'model'), { recursive: true });
        await cp(join(prototype, 'run'), join(folder, 'run'), { recursive: true });
        const config = join(folder, 'run.vitune.json');
        await copyFile(join(prototype, 'run.vitune.json'), config);
        const about = join(folder, located(checkpointFile('vitune.json')));
        // The checkpoint names its base by an absolute path.
        await writeFile(
          about,
          (await readFile(about, 'utf8')).replaceAll(
            JSON.stringify(prototype).slice(1, -1),
            JSON.stringify(folder).slice(1, -1),
          ),
        );
        return {
          run: join(folder, 'run'),
          checkpoint: join(folder, located(checkpointFile(''))),
          resume: ['train', config, '--resume'],
        };
      },
    });
    const before = existsSync(join(folder, 'run')) ? await readdir(join(folder, 'run', 'checkpoints')) : undefined;
    Object.assign(process.env, env);
    const ended = await vituneHere([...args, '--json']);
    for (const name of Object.keys(env ?? {})) delete process.env[name];
    assert.equal(ended.code, 2, ended.stdout + ended.stderr);
    assertPlain(ended);
    const { type, ...error } = jsonLines<ErrorInfo & { type: string }>(ended.stdout).at(-1)!;
    assert.equal(type, 'error');
    assert.equal(error.code, expected.code, ended.stderr);
    assert.match(error.message, expected.message);
    assert.match(error.remedy, expected.remedy);
    assert.equal(
      error.file && join(error.file),
      expected.file && join(folder, located(expected.file)).replace(/[\\/]$/, ''),
    );
    if (expected.line) assert.deepEqual([error.line, error.column], [expected.line, expected.column]);
    assert.ok(ended.stderr.includes(error.code) && ended.stderr.includes(error.remedy), 'a person reads the same');
    // A run that never began leaves nothing; one that was there keeps its checkpoint.
    if (before) assert.deepEqual(await readdir(join(folder, 'run', 'checkpoints')), before);
    else if (!isLate) assert.deepEqual(await readdir(join(folder, 'runs')).catch(() => []), []);
  });
}

test('damaged, odd and oddly named images among good ones, nested folders, comments and a BOM: the run continues and reports them', async (t) => {
  const folder = join(
    await temporaryFolder(t),
    `it's "quoted" [x] {0} ünï 漢字 #1 %20 & $HOME`.replaceAll(process.platform === 'win32' ? '"' : '\0', ''),
  );
  const photos = join(folder, 'my photos');
  await writeDataset(photos, { good: 6, 'a class of one': 1 });
  await writeTree(join(photos, 'good'), {
    'nested/deeper/one.png': { seed: 1 },
    'cut.png': (await encoded(40, 40, 1)).subarray(0, 100),
    'empty.jpg': '',
    'page.jpg': '<!doctype html><html><body>404</body></html>',
    'drawing.svg': '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>',
    'misnamed.jpg': await encoded(20, 20, 2, 'png'),
    'notes.txt': 'no image',
  });
  const odd = join(root, '..', 'shared', 'data', 'odd');
  let [bad, either] = [4, 0];
  if (existsSync(odd)) {
    await mkdir(join(photos, 'odd ones'));
    for (const row of (await readFile(join(odd, 'manifest.csv'), 'utf8')).trim().split('\n').slice(1)) {
      const [, file, expected] = /^("[^"]*"|[^,]*),.*,(decode|error|either),\d+,[0-9a-f]{64},/.exec(row)!;
      const name = file!.replaceAll('"', '');
      await copyFile(join(odd, name), join(photos, 'odd ones', name));
      if (expected === 'error') bad++;
      if (expected === 'either') either++;
    }
  } else t.diagnostic('without the collection of odd files, which is not beside the checkout');
  const config = await writeConfig(
    folder,
    { dataset: 'my photos', epochs: 1 },
    `it's a #1%20 "config".vitune.json`.replaceAll(process.platform === 'win32' ? '"' : '\0', ''),
  );
  await writeFile(config, `\uFEFF// with comments\n${await readFile(config, 'utf8')}`);
  const ended = await vituneHere(['train', config, '--json']);
  assert.equal(ended.code, 0, ended.stderr);
  assertPlain(ended);
  const events = jsonLines<TrainEvent>(ended.stdout);
  const started = events.find((event) => event.type === 'started')!;
  const left = events.flatMap((event) =>
    event.type === 'notice' && ['IMAGE_UNREADABLE', 'IMAGE_FORMAT_UNSUPPORTED'].includes(event.code) ? [event] : [],
  );
  assert.ok(
    bad <= left.length && left.length <= bad + either,
    `${left.length} left out, of ${bad} bad ones and ${either} that may be`,
  );
  assert.equal(new Set(left.map(({ file }) => file)).size, left.length, 'each is told once');
  assert.equal(
    left.filter(({ code }) => code === 'IMAGE_FORMAT_UNSUPPORTED').length,
    started.skipped,
    'those that the scan finds are known at the start',
  );
  for (const { message, remedy, file } of left) assert.ok(message && remedy && file && existsSync(file), file);
  assert.ok(events.some((event) => event.type === 'notice' && event.code === 'CLASS_ONE_IMAGE'));
  assert.equal(started.labels.length, existsSync(odd) ? 3 : 2);
  await eventsOf(started.run);

  const images = ['cut.png', 'empty.jpg', 'page.jpg', 'misnamed.jpg', join('nested', 'deeper', 'one.png')].map((name) =>
    join(photos, 'good', name),
  );
  const classified = await vituneHere(['classify', ...images, '--checkpoint', started.run, '--json']);
  assert.equal(classified.code, 0, classified.stderr);
  const answers = jsonLines<Classification>(classified.stdout);
  assert.deepEqual(
    answers.map((answer) => [answer.path, 'error' in answer ? answer.error.code : answer.predictions.length]),
    images.map((path, i) => [path, i < 3 ? 'IMAGE_UNREADABLE' : started.labels.length]),
  );
  const only = await vituneHere(['classify', ...images.slice(0, 3), '--checkpoint', started.run, '--json']);
  assert.equal(only.code, 2, 'nothing that was given could be read');
});
