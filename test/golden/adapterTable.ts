/**
 * Opens the adapters that adapter_table.py wrote and compares their logits with PEFT's own: `node --import tsx
 * test/golden/adapterTable.ts FOLDER`. Exits 1 where one differs by more than 1e-4.
 */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../../src/trainer/errors/errors.js';
import { computeLogits } from '../../src/trainer/inference/computeLogits.js';

const largest = 1e-4;

const [folder] = process.argv.slice(2);
if (folder === undefined) throw new Error('Give the folder that adapter_table.py wrote.');
const images = (await readdir(join(folder, 'images'))).sort().map((name) => join(folder, 'images', name));
console.log('| model | target modules | largest difference of a logit, or why it is refused |\n| --- | --- | --- |');
for (const model of (await readdir(join(folder, 'adapters'))).sort()) {
  for (const targets of (await readdir(join(folder, 'adapters', model))).sort()) {
    const path = join(folder, 'adapters', model, targets);
    const { logits } = JSON.parse(await readFile(join(path, 'answers.json'), 'utf8')) as { logits: number[][] };
    const result = await computeLogits({ model: path, images }).catch((error: unknown) => {
      if (error instanceof UserError) return error;
      throw error;
    });
    let words: string;
    if (result instanceof UserError) words = `${result.code}: ${result.message}`;
    else {
      const difference = Math.max(
        ...result.logits.flatMap((row, i) => row.map((logit, k) => Math.abs(logit - logits[i]![k]!))),
      );
      words = difference.toExponential(1);
      if (!(difference <= largest)) process.exitCode = 1;
    }
    console.log(`| ${model} | ${targets} | ${words} |`);
  }
}
