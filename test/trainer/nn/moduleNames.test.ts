/** The names of modules in transformers 4 and 5, compared with those of the libraries (test/golden/modules.py). */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { WeightStore } from '../../../src/trainer/compile/weightStore.js';
import { compileForward } from '../../../src/trainer/compile/compile.js';
import { families, parseNetwork } from '../../../src/trainer/nn/families.js';
import { ownName, theirNames, type Renames } from '../../../src/trainer/nn/moduleNames.js';
import { isHeadOf, mapOf, unusedLayersOf } from '../../../src/trainer/nn/networkMap.js';
import { decays } from '../../../src/trainer/nn/weightRoles.js';
import { wholeModel } from '../../../src/trainer/peft/method.js';
import { methodFor } from '../peft/methodFor.js';

const golden = join(dirname(fileURLToPath(import.meta.url)), '..', '..', 'golden');
interface Modules {
  models: Record<string, { layers: string[]; decayed: string[] }>;
}
const { transformers4, transformers5 } = JSON.parse(readFileSync(join(golden, 'modules.json'), 'utf8')) as Record<
  'transformers4' | 'transformers5',
  Modules
>;

function networkOf(name: string) {
  const file = join(golden, 'models', name, 'config.json');
  return parseNetwork(JSON.parse(readFileSync(file, 'utf8')), file);
}

/** The linear layers and weights of a graph of the whole network. */
function graphOf(name: string) {
  const config = networkOf(name);
  const { layers, parameters } = compileForward(
    {
      config,
      norm: { mean: [0, 0, 0], deviation: [1, 1, 1], rescale: 1 },
      weights: new WeightStore({ read: () => assert.fail('every weight trains') }),
      method: methodFor(config, wholeModel),
      labels: 5,
      height: config.imageSize,
      width: config.imageSize,
    },
    1,
  );
  return { config, map: mapOf(config), layers, weights: parameters.map((parameter) => parameter.name) };
}

for (const name of Object.keys(transformers4.models)) {
  test(`${name}: layers are called as in transformers 4 and 5`, () => {
    const { config, map, layers } = graphOf(name);
    const body = layers.filter((layer) => !isHeadOf(config, layer));
    const all = [...body, ...unusedLayersOf(config)];
    const theirs = ({ models }: Modules) => models[name]!.layers.filter((layer) => !isHeadOf(config, layer));
    assert.deepEqual(all.sort(), theirs(transformers4));
    assert.deepEqual(all.flatMap(map.transformers5).sort(), theirs(transformers5));
  });

  test(`${name}: weights decay as in transformers' Trainer`, () => {
    const { map, weights } = graphOf(name);
    const known = new Set(transformers4.models[name]!.decayed);
    // transformers has no class of DINOv3 with a head.
    const own = weights.filter((weight) => !(name.startsWith('dinov3') && map.isHead(weight)));
    const decayed = own.filter((weight) => decays[map.roleOf(weight)]);
    assert.deepEqual(
      decayed.filter((weight) => !known.has(weight)),
      [],
    );
    assert.deepEqual(
      own.filter((weight) => known.has(weight) && !decayed.includes(weight)),
      [],
    );
  });
}

test('each family but that of ONNX files has golden curves of its own', () => {
  const { curves } = JSON.parse(readFileSync(join(golden, 'timm-curves.json'), 'utf8')) as { curves: object };
  const models = [...Object.keys(transformers4.models), ...Object.keys(curves)];
  const known = new Set(models.map((name) => networkOf(name).family));
  assert.deepEqual(
    families.map(({ name }) => name).filter((name) => name !== 'onnx' && !known.has(name)),
    [],
  );
});

test('only the families know families, modules and kinds of weights by name', () => {
  const source = join(golden, '..', '..', 'src', 'trainer');
  const names = families.map(({ name }) => name).filter((name) => name !== 'onnx');
  const known = new RegExp(
    `['"\`/](${names.join('|')})['"\`/]|layer_?norm\\d?\\.|q_proj|encoder\\.layer|lambda_|cls_token|position_embed`,
  );
  const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter(
    (file) => file.endsWith('.ts') && !/^(nn|ir)/.test(file),
  );
  assert.ok(files.length > 100);
  // `timm/` begins the names of an organisation of the hub, too.
  const textOf = (file: string) => readFileSync(join(source, file), 'utf8').replaceAll("'timm/", "'hub/");
  const guilty = files.filter((file) => known.test(textOf(file)));
  assert.deepEqual(guilty, []);
});

test('names go there and back; a layer that is two there has two names', () => {
  const renames: Renames = [
    ['layer', 'model.layer'],
    ['output.dense', 'o_proj'],
    ['weights_in', ['gate', 'up']],
  ];
  assert.deepEqual(theirNames('layer.0.output.dense.weight', renames), ['model.layer.0.o_proj.weight']);
  assert.equal(ownName('model.layer.0.o_proj.weight', renames), 'layer.0.output.dense.weight');
  assert.equal(ownName('layer.0.output.dense', renames), 'layer.0.output.dense');
  assert.deepEqual(theirNames('layer.0.weights_in', renames), ['model.layer.0.gate', 'model.layer.0.up']);
  assert.deepEqual(theirNames('xlayer.0.weights_in2', renames), ['xlayer.0.weights_in2']);
});
