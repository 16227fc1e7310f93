/** One check per kind of case: it runs the case's commands and says what was observed, what is right, and whether. */
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { basename, join } from 'node:path';
import sharp from 'sharp';
import { readDataset, someImages } from './dataset.mjs';
import { failure, noticesOf, vitune } from './vitune.mjs';

/** @typedef {{ what: string, expected: string, observed: string, ok: boolean, skipped?: boolean }} Result */

/**
 * Four decimals were written, and transformers 5 resizes with other roundings of pixels than Pillow. What went wrong
 * was wrong by 0.05 and more.
 */
const tolerance = 0.005;
/** A small training of the head on the embedded model. */
const small = ['--set', 'method=head', '--set', 'epochs=12', '--set', 'output=run-of-case'];

const result = (what, expected, observed, ok) => ({ what, expected, observed, ok });
const percent = (ratio) => `${(100 * ratio).toFixed(1)} %`;

/** Whether the README takes a refusal for right: by a code that it names, or in its words. */
function mayRefuse({ right, codes }, { error }) {
  return error !== undefined && (codes.includes(error.code) || /\bor\b[^.]*\brefus/i.test(right));
}

/** Probabilities of expected.json: `{ image: { label: probability } }`, with a task's name between them if any. */
function flat(value, path = []) {
  if (typeof value === 'number') return [[path.join(' / '), value]];
  return Object.entries(value).flatMap(([key, inner]) => flat(inner, [...path, key]));
}

function observedProbabilities(printed) {
  const rows = printed.flatMap(({ path, predictions = [], tasks = [] }) => [
    ...predictions.map(({ label, probability }) => [`${basename(path)} / ${label}`, probability]),
    ...tasks.flatMap(({ name, predictions: own = [] }) =>
      own.map(({ label, probability }) => [`${basename(path)} / ${name} / ${label}`, probability]),
    ),
  ]);
  return new Map(rows);
}

/** `vitune classify`: each probability as PyTorch's. */
export async function probabilities(c) {
  const [, ...args] = c.commands.find((words) => words[1] === 'classify').filter((word) => word !== '--json');
  const at = args.indexOf('--top');
  if (at >= 0) args.splice(at, 2);
  const ran = await vitune([...args, '--top', '100000'], c.folder);
  const wanted = flat(c.expected).map(([key, value]) => [key.replace(/^.*\/(?=[^/]+ \/ )/, ''), value]);
  const expected = `${wanted.length} probabilities within ${tolerance}`;
  if (ran.code !== 0) return [result('classify', expected, failure(ran), mayRefuse(c, ran))];
  const observed = observedProbabilities(ran.printed);
  const differences = wanted.map(([key, value]) => Math.abs((observed.get(key) ?? Infinity) - value));
  const largest = Math.max(...differences);
  const notices = noticesOf(ran);
  const noticed = /\bat least a notice/i.test(c.right) && notices.length > 0;
  const text = `largest difference ${largest.toFixed(4)}${notices.length > 0 ? `; notice: ${notices[0]}` : ''}`;
  return [result('classify', expected, text, largest <= tolerance || noticed)];
}

/** What `inspect` reports as wrong, as one text. */
const problemsOf = ({ printed }) => JSON.stringify(printed.flatMap(({ problems = [] }) => problems));

const countSplits = (splits, name) => splits.filter((split) => split === name).length;
const total = (counts, name) => counts.reduce((sum, count) => sum + count[name], 0);

/** `vitune inspect FOLDER`: the classes and splits that the folder or its label file names, or a problem that says so. */
async function inspectFolder(c, given) {
  const folder = join(c.folder, given);
  const { from, labels, splits, unlabelled = [] } = readDataset(folder);
  const names = [...labels].sort().join(', ');
  const parts = splits && ['train', 'validation', 'test'].map((name) => `${name} ${countSplits(splits, name)}`);
  const expected = `classes ${names} by ${from}${parts ? `; ${parts.join(', ')}` : ''}`;
  const ran = await vitune(['inspect', given], c.folder);
  if (ran.code !== 0) return result(`inspect ${given}`, expected, failure(ran), mayRefuse(c, ran));
  const [{ labels: found, counts }] = ran.printed.filter((object) => object.counts);
  const all = counts.reduce((sum, { train, validation, test }) => sum + train + validation + test, 0);
  const sameLabels = [...found].sort().join() === [...labels].sort().join();
  // Of a dataset without validation images ViTune draws some from the training images.
  const drawn = splits && countSplits(splits, 'validation') === 0;
  const sameSplits =
    !splits ||
    (total(counts, 'test') === countSplits(splits, 'test') &&
      (drawn || total(counts, 'train') === countSplits(splits, 'train')) &&
      all === splits.length);
  const problems = problemsOf(ran) + noticesOf(ran).join();
  const reported = unlabelled.every((name) => problems.includes(name));
  const told = from.endsWith('.csv') && problems.includes(from) && /\bor a problem/i.test(c.right);
  const seen = ['train', 'validation', 'test'].map((name) => `${name} ${total(counts, name)}`).join(', ');
  const text = `classes ${[...found].sort().join(', ')}; ${seen}${unlabelled.length > 0 ? `; ${problems}` : ''}`;
  return result(`inspect ${given}`, expected, text, ((sameLabels && sameSplits) || told) && reported);
}

/** Whether an image has other samples than eight bits of grey or RGB. */
async function isDeep(path) {
  try {
    const { depth, channels } = await sharp(path).metadata();
    return depth !== 'uchar' || channels > 4;
  } catch {
    return true;
  }
}

/**
 * `vitune train` on a folder that was inspected: it ends well. Where samples are deep, the classes are told apart, or
 * `inspect` says what is wrong with the images.
 */
async function trainFolder(c, given) {
  const config = join(c.folder, 'case.vitune.json');
  writeFileSync(config, JSON.stringify({ dataset: given }));
  const deep = await isDeep(someImages(join(c.folder, given))[0]);
  const ran = await vitune(['train', config, ...small, '--set', `output=run-${given}`], c.folder);
  if (ran.code !== 0) return result(`train ${given}`, 'a training', failure(ran), mayRefuse(c, ran));
  const { best } = ran.printed.find(({ type }) => type === 'finished');
  if (!deep) return result(`train ${given}`, 'a training', `best accuracy ${percent(best.accuracy)}`, true);
  const problems = problemsOf(await vitune(['inspect', given], c.folder));
  const reported = /black|dark|white|bright|constant|uniform/i.test(problems);
  const text = `best accuracy ${percent(best.accuracy)}${reported ? '; inspect reports the images' : ''}`;
  return result(`train ${given}`, 'best accuracy 100.0 %, or a problem', text, best.accuracy === 1 || reported);
}

/** `vitune inspect A | B and vitune train`. */
export async function datasets(c) {
  const given = c.commands.filter((words) => words[1] === 'inspect').map((words) => words[2]);
  const results = [];
  for (const folder of given) results.push(await inspectFolder(c, folder));
  if (c.commands.some((words) => words[1] === 'train'))
    for (const folder of given) results.push(await trainFolder(c, folder));
  return results;
}

/** `vitune evaluate --checkpoint M --dataset D`, then `vitune train CONFIG` that goes on from M: as accurate. */
export async function accuracyKept(c) {
  const [, ...evaluateArgs] = c.commands.find((words) => words[1] === 'evaluate');
  const [, ...trainArgs] = c.commands.find((words) => words[1] === 'train');
  const evaluated = await vitune(evaluateArgs, c.folder);
  if (evaluated.code !== 0) return [result('evaluate', 'an accuracy', failure(evaluated), false)];
  const { accuracy } = evaluated.printed.find((object) => typeof object.accuracy === 'number');
  const trained = await vitune([...trainArgs, '--set', 'output=run-of-case'], c.folder);
  const what = trainArgs.join(' ');
  const expected = `${percent(accuracy)}, as evaluate says of the base`;
  if (trained.code !== 0) return [result(what, expected, failure(trained), mayRefuse(c, trained))];
  const { best } = trained.printed.find(({ type }) => type === 'finished');
  const notices = noticesOf(trained).filter((text) => /head|class|label/i.test(text));
  const noticed = /\bnotice\b/i.test(c.right) && notices.length > 0;
  const text = `${percent(best.accuracy)}${notices.length > 0 ? `; notice: ${notices[0]}` : ''}`;
  return [result(what, expected, text, best.accuracy >= accuracy || noticed)];
}

/** The numbers that a JSON text writes as floats, by key. */
const floats = (text) =>
  new Map([...text.matchAll(/"(\w+)":\s*(-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?)/g)].map((m) => [m[1], m[2]]));
const isFloat = (written) => /[.eE]/.test(written);

/** `vitune train C; vitune export …`: floats of the model's config stay floats, and Python opens the result. */
export async function numbersKept(c) {
  const [, ...trainArgs] = c.commands.find((words) => words[1] === 'train');
  const [, ...exportArgs] = c.commands.find((words) => words[1] === 'export');
  const trained = await vitune([...trainArgs, '--set', 'output=RUN'], c.folder);
  if (trained.code !== 0) return [result('train', 'a training', failure(trained), mayRefuse(c, trained))];
  const results = [];
  for (const format of new Set([exportArgs[exportArgs.indexOf('--format') + 1], 'transformers', 'onnx'])) {
    const args = exportArgs.map((word, i) => (exportArgs[i - 1] === '--format' ? format : word));
    const output = `${args[args.indexOf('--output') + 1]}-${format}`;
    const exported = await vitune(
      args.map((word, i) => (args[i - 1] === '--output' ? output : word)),
      c.folder,
    );
    const what = `export --format ${format}`;
    if (exported.code !== 0) results.push(result(what, 'a folder', failure(exported), mayRefuse(c, exported)));
    else results.push(...sameNumbers(c, what, output), ...python(c, output));
  }
  return results;
}

function sameNumbers(c, what, output) {
  const config = JSON.parse(readFileSync(join(c.folder, c.commands[0][2]), 'utf8'));
  const before = floats(readFileSync(join(c.folder, config.model, 'config.json'), 'utf8'));
  const after = floats(readFileSync(join(c.folder, output, 'config.json'), 'utf8'));
  const changed = [...before].filter(([key, value]) => isFloat(value) && after.has(key) && !isFloat(after.get(key)));
  const text = changed.map(([key]) => `${key} is ${after.get(key)}`).join(', ') || 'all floats';
  return [result(what, 'floats stay floats in config.json', text, changed.length === 0)];
}

/** The README's own check in Python, with the interpreter in VITUNE_PYTHON. */
function python(c, output) {
  const command = c.commands.find(([name]) => name === 'python');
  if (!command) return [];
  const interpreter = process.env.VITUNE_PYTHON;
  const what = `python on ${output}`;
  if (!interpreter)
    return [{ ...result(what, 'opens', 'skipped: VITUNE_PYTHON names no interpreter', true), skipped: true }];
  const args = command.slice(1).map((word) => word.replace(/\bOUT\b/g, output));
  const ran = spawnSync(interpreter, args, { cwd: c.folder, encoding: 'utf8' });
  const text =
    ran.status === 0
      ? 'opens'
      : String(ran.stderr ?? ran.error)
          .trim()
          .split('\n')
          .at(-1);
  return [result(what, 'opens', text, ran.status === 0)];
}

/** `vitune train (dataset D); interrupt; cp …; vitune train --resume`: the error that the README names. */
export async function resumed(c) {
  const dataset = /\(dataset (.+?)\)/.exec(c.commands.map((words) => words.join(' ')).join(' '))?.[1] ?? 'set';
  const config = join(c.folder, 'case.vitune.json');
  writeFileSync(config, JSON.stringify({ dataset, method: 'head', epochs: 40, output: 'run' }));
  const first = await vitune(['train', config], c.folder, ({ type }) => type === 'checkpoint');
  if (first.error) return [result('train', 'an interrupted training', failure(first), false)];
  for (const [shell] of readFileSync(join(c.folder, 'README.md'), 'utf8').matchAll(/\b(?:cp|mv|rm|ln) [^;\n]+/g))
    spawnSync('sh', ['-c', shell], { cwd: c.folder, stdio: 'inherit' });
  const again = await vitune(['train', config, '--resume'], c.folder);
  const expected = c.codes[0] ?? 'a training';
  const ok = c.codes.length > 0 ? c.codes.includes(again.error?.code) : again.code === 0;
  return [result('train --resume', expected, again.code === 0 ? 'trains on' : failure(again), ok)];
}

/** The check for a case, by its commands. */
export function checkOf(c) {
  const has = (name) => c.commands.some((words) => words[1] === name || words.includes(name));
  if (c.expected !== undefined && has('classify')) return probabilities;
  if (has('--resume')) return resumed;
  if (has('export')) return numbersKept;
  if (has('evaluate') && has('train')) return accuracyKept;
  if (has('inspect')) return datasets;
  return undefined;
}

/** A copy of the folder to work in: cases are only read. */
export const copyOf = (from, to) => cpSync(from, to, { recursive: true });
