/** `vitune test` on a tiny run: what passes, what fails, and what is wrong with the file. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Evaluation, Prediction, TestResult } from '../../../src/trainer/protocol.js';
import { temporaryFolder, writeTree } from '../data/images.js';
import { assertPlain, jsonLines, vitune, vituneHere, writeConfig, writeDataset } from './program.js';

let folder: string;
const cleanUps: (() => unknown)[] = [];
const at = (...names: string[]): string => join(folder, ...names);
// A name that a report must escape; Windows has no folder with brackets.
const red = process.platform === 'win32' ? 'red & i' : 'red & <i>';
const asked = [1, 2, 3].map((i) => `photos/green/green ${i}.png`);
/** What the model says of those images. */
let said: string[];
let tests: object;
before(async () => {
  folder = await temporaryFolder({
    after: (clean: () => unknown) => void cleanUps.push(clean),
  } as unknown as Parameters<typeof temporaryFolder>[0]);
  await writeDataset(at('photos'), { [red]: 60, green: 60 });
  await writeTree(folder, { 'noise.png': { seed: 999 } });
  const config = { method: 'full', epochs: 6, learningRate: 0.003, acceptedShare: 1 };
  assert.equal((await vitune(['train', await writeConfig(folder, config)])).code, 0);
  const paths = asked.map((path) => at(path));
  const classified = await vitune(['classify', ...paths, '--checkpoint', at('runs', 'run'), '--json']);
  said = jsonLines<{ type: string; predictions: Prediction[] }>(classified.stdout).map(
    ({ predictions }) => predictions[0]!.label,
  );
  tests = { accuracy: 0.001, right: { [asked[0]!]: said[0]! } };
  await writeConfig(folder, { ...config, tests });
  const args = ['export', '--checkpoint', at('runs', 'run'), '--format', 'onnx', '--output', at('exported')];
  assert.equal((await vitune(args)).code, 0);
});
after(async () => {
  for (const clean of cleanUps) await clean();
});

async function write(content: object, name = 'model.vitune-test.json'): Promise<string> {
  await writeFile(at(name), JSON.stringify({ checkpoint: 'runs/run', ...content }, null, 2));
  return at(name);
}

async function run(content: object, ...more: string[]): Promise<{ code: number | null; results: TestResult[] }> {
  const { code, stdout, stderr } = await vitune(['test', await write(content), '--json', ...more]);
  assert.notEqual(code, 2, stderr);
  const results = jsonLines<TestResult>(stdout);
  for (const each of results)
    assert.deepEqual(Object.keys(each), ['type', 'name', 'passed', 'message', 'images'], each.name);
  return { code, results };
}

test('what holds passes, with the exit code 0', async () => {
  const { code, results } = await run({
    tests: {
      ...tests,
      classAccuracy: { green: 0.001 },
      maxMegabytes: 100,
      maxMilliseconds: 60_000,
      export: {
        folder: 'exported',
        sameAnswers: true,
        maxDifference: 1e-3,
        maxMegabytes: 100,
        maxMilliseconds: 60_000,
      },
    },
  });
  assert.equal(code, 0, JSON.stringify(results));
  assert.deepEqual(
    results.map(({ name, passed, images }) => [name, passed, images.length]),
    [
      'accuracy',
      'classAccuracy.green',
      'right',
      'maxMegabytes',
      'maxMilliseconds',
      'export.sameAnswers',
      'export.maxDifference',
      'export.maxMegabytes',
      'export.maxMilliseconds',
    ].map((name) => [name, true, 0]),
  );
  assert.match(results[0]!.message, /Images: 24 validation images of the run/);
});

test('what does not hold fails with its images and the exit code 1; the accuracy is that of evaluate', async () => {
  const other = said[1] === 'green' ? red : 'green';
  const right = { [asked[0]!]: said[0]!, [asked[1]!]: other, [asked[2]!]: said[2]! };
  const xml = at('results.xml');
  const { code, results } = await run(
    { tests: { images: 'all', accuracy: 1, right, unknown: ['photos/green/green 1.png'], maxMegabytes: 1e-6 } },
    '--junit',
    xml,
  );
  assert.equal(code, 1);
  const evaluated = await vitune([
    'evaluate',
    '--checkpoint',
    at('runs', 'run'),
    '--dataset',
    at('photos'),
    '--all',
    '--json',
  ]);
  const { accuracy } = jsonLines<Evaluation & { type: string }>(evaluated.stdout).at(-1)!;
  const byName = Object.fromEntries(results.map((each) => [each.name, each]));
  assert.equal(byName.accuracy!.images.length, Math.round(120 * (1 - accuracy)));
  assert.equal(byName.accuracy!.passed, accuracy === 1);
  assert.match(byName.accuracy!.message, new RegExp(`Accuracy ${(100 * accuracy).toFixed(1)} %`));
  assert.match(byName.accuracy!.message, /96 that the model was trained on/);
  assert.deepEqual([byName.right!.passed, byName.right!.images], [false, [at(asked[1]!)]]);
  assert.match(byName.right!.message, /^2 of 3 images are right; all must be\.\n.*green 2\.png: it is answered as /);
  assert.deepEqual(byName.unknown!.images, [at('photos', 'green', 'green 1.png')]);
  assert.deepEqual([byName.maxMegabytes!.passed, byName.maxMegabytes!.images], [false, []]);

  const text = await readFile(xml, 'utf8');
  assert.match(text, /tests="4" failures="[34]" errors="0"/);
  assert.doesNotMatch(text, /red & |<i>/);
  const parsed = spawnSync('xmllint', ['--noout', xml], { encoding: 'utf8' });
  // It is not on every machine.
  if (!parsed.error) assert.equal(parsed.status, 0, parsed.stderr);
});

test('--only runs one test, and a config tests its newest run', async () => {
  const config = at('run.vitune.json');
  const all = await vitune(['test', config, '--json']);
  assert.equal(all.code, 0, all.stderr);
  assert.deepEqual(
    jsonLines<TestResult>(all.stdout).map(({ name }) => name),
    ['accuracy', 'right'],
  );
  const { stdout, code } = await vituneHere(['test', config, '--only', 'right']);
  assert.equal(code, 0);
  assert.match(stdout, /^✓ right: 1 of 1 images are right; all must be\.\n\n1 of 1 tests passed\.\n$/);
  const refused = await vituneHere(['test', config, '--only', 'riht']);
  assert.equal(refused.code, 2);
  assert.match(refused.stderr, /riht is not one of accuracy, right/);
});

test('what is wrong with the file is said at its place, with a remedy', async () => {
  const cases: [object, RegExp][] = [
    [{ tests: { acuracy: 0.9 } }, /CONFIG_KEY_UNKNOWN: There is no key "tests\.acuracy"[^]*:4:5[^]*"accuracy"/],
    [{ tests: { accuracy: 90 } }, /CONFIG_VALUE: .*"tests\.accuracy" is 90.*[^]*:4:17[^]*Allowed: a number > 0 ≤ 1/],
    [{ tests: { accuracy: 'high' } }, /CONFIG_TYPE: [^]*:4:17/],
    [{ tests: {} }, /TESTS_NONE: [^]*:3:12/],
    [{ tests: { right: { 'nowhere.png': 'green' } } }, /TESTS_PATH_MISSING: .*nowhere\.png[^]*:5:7/],
    [{ tests: { unknown: ['noise.png', 'nowhere.png'] } }, /TESTS_PATH_MISSING: .*nowhere\.png[^]*:6:7/],
    [{ tests: { classAccuracy: { gren: 0.5 } } }, /TESTS_CLASS_UNKNOWN: .* gren\.[^]*:5:7[^]*Did you mean "green"/],
    [
      { tests: { right: { 'noise.png': 'gold' } } },
      new RegExp(`TESTS_CLASS_UNKNOWN: .* gold\\.[^]*:5:7[^]*green, ${red}`),
    ],
    [{ tests: { export: { folder: 'nowhere', sameAnswers: true } } }, /TESTS_PATH_MISSING: [^]*:5:7/],
    [{ checkpoint: 'runs/walk', tests }, /TESTS_PATH_MISSING: .*walk[^]*:2:17/],
    [{ checkpoint: 'photos', tests }, /NOT_A_CHECKPOINT: [^]*model\.vitune-test\.json:2:17/],
    [{ dataset: 'nowhere', tests }, /TESTS_PATH_MISSING: .*nowhere[^]*:3:14/],
    [{ checkpoint: 'exported', tests: { unknown: ['noise.png'] } }, /TESTS_NOTHING_UNKNOWN: [^]*:4:16/],
  ];
  for (const [content, words] of cases) {
    const ended = await vituneHere(['test', await write(content)]);
    assert.equal(ended.code, 2, JSON.stringify(content) + ended.stdout);
    assertPlain(ended);
    assert.match(ended.stderr, words);
    assert.match(ended.stderr, /Remedy: /);
  }
  const missing = await vituneHere(['test', at('no.vitune-test.json')]);
  assert.match(missing.stderr, /TESTS_FILE_MISSING/);
  const other = await vituneHere(['test', await writeConfig(at('elsewhere'), { tests })]);
  assert.match(other.stderr, /TESTS_PATH_MISSING|RUN_NONE/);
  const none = await vituneHere(['test', await writeConfig(folder, { tests: { accuracy: 1 } }, 'new.vitune.json')]);
  assert.match(none.stderr, /RUN_NONE: [^]*vitune train/);
});
