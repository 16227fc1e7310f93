/**
 * Which of timm's names of vision transformers are read: `node --import tsx test/golden/timmNames.ts table` prints them,
 * `names` only those that are read, and `compare FOLDER` holds what timm_names.py wrote against ViTune's answers. Exits 1
 * where a probability differs by more than 1e-4.
 */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../../src/trainer/errors/errors.js';
import { computeLogits } from '../../src/trainer/inference/computeLogits.js';
import { parseNetwork } from '../../src/trainer/nn/families.js';
import { timmNames } from '../../src/trainer/nn/families/timmConfig.js';

const largest = 1e-4;

/** Undefined where the name is read, else why it is not. */
function refusal(architecture: string): string | undefined {
  try {
    parseNetwork({ architecture }, 'config.json');
    return undefined;
  } catch (error) {
    if (error instanceof UserError) return error.message;
    throw error;
  }
}

const softmax = (logits: readonly number[]): number[] => {
  const exponentials = logits.map((logit) => Math.exp(logit - Math.max(...logits)));
  const sum = exponentials.reduce((a, b) => a + b, 0);
  return exponentials.map((value) => value / sum);
};

async function compare(folder: string): Promise<void> {
  const images = JSON.parse(await readFile(join(folder, 'photos.json'), 'utf8')) as string[];
  const names = (await readdir(join(folder, 'models'))).sort();
  let worst = 0;
  for (const name of names) {
    const model = join(folder, 'models', name);
    const expected = JSON.parse(await readFile(join(model, 'answers.json'), 'utf8')) as number[][];
    const { logits } = await computeLogits({ model, images });
    const difference = Math.max(
      ...logits.flatMap((row, i) => softmax(row).map((value, k) => Math.abs(value - expected[i]![k]!))),
    );
    worst = Math.max(worst, difference);
    const sharpest = Math.max(...expected.flat());
    console.log(`${name}: ${difference.toExponential(1)}, probabilities up to ${sharpest.toFixed(2)}`);
    if (!(difference <= largest)) process.exitCode = 1;
  }
  console.log(`${names.length} names, at most ${worst.toExponential(1)} apart`);
}

const [what, folder] = process.argv.slice(2);
if (what === 'compare' && folder !== undefined) await compare(folder);
else if (what === 'names') console.log(timmNames.filter((name) => refusal(name) === undefined).join('\n'));
else for (const name of timmNames) console.log(`| ${name} | ${refusal(name) ?? 'read'} |`);
