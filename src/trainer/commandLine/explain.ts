/** `vitune explain`: why a checkpoint answers as it does. */
import { mkdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import * as l10n from '@vscode/l10n';
import { writeHeat } from '../data/heat.js';
import { UserError } from '../errors/errors.js';
import { imagesOf } from '../inference/classifier.js';
import { Explainer } from '../inference/explainer.js';
import type { CommandOutputs } from '../protocol.js';
import { resolveCheckpoint } from '../runs/runFolder.js';
import type { Arguments } from './commands.js';
import { percent, type Output } from './output.js';

export async function explain(
  { operands, checkpoint, label, output: folder }: Arguments<'explain'>,
  output: Output<CommandOutputs['explain']>,
  signal: AbortSignal,
): Promise<boolean> {
  const paths = await imagesOf(operands, signal);
  const explainer = await Explainer.open(await resolveCheckpoint(checkpoint));
  if (folder !== undefined) await mkdir(folder, { recursive: true });
  const missing = new Set<string>();
  let explained = 0;
  try {
    for (const [i, path] of paths.entries()) {
      signal.throwIfAborted();
      try {
        const found = await explainer.explain(path, label, signal);
        explained++;
        output.json({ type: 'explanation', ...found });
        output.line(`${path}\n  ${percent(found.probability).padStart(7)}  ${found.label}`);
        for (const { path: similar, label: own, similarity } of found.similar)
          output.line(`           ${l10n.t('like {0} ({1}, {2})', similar, own, similarity.toFixed(3))}`);
        if (found.missing) missing.add(found.missing);
        // Numbered, since images of several folders may have one name.
        if (folder !== undefined) await writeHeat(path, found, join(folder, `${i + 1} ${basename(path)}.png`));
      } catch (error) {
        if (!(error instanceof UserError) || error.code === 'CLASS_UNKNOWN' || paths.length === 1) throw error;
        output.problem(error.toInfo());
      }
    }
  } finally {
    await explainer.dispose();
  }
  if (missing.has('calibration'))
    output.line(l10n.t('Similar training images are not known. Compute them: vitune calibrate {0}', checkpoint));
  if (missing.has('export'))
    output.line(l10n.t('An export has no training images with it: explain the checkpoint to see similar ones.'));
  if (missing.has('images')) output.line(l10n.t('The training images are not where the run had them.'));
  return explained > 0;
}
