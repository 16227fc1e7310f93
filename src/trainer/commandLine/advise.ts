/** `vitune advise`: which model and method suit a dataset, by what the features of the models say of it. */
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import * as l10n from '@vscode/l10n';
import { isConfigName } from '../../shared/configNames.js';
import { sizeOf } from '../ir/shape.js';
import { compileForward } from '../compile/compile.js';
import { frozenOf } from '../compile/scope.js';
import { errors } from '../errors/errors.js';
import { isOnnx } from '../nn/families/onnx.js';
import { hubPrefix } from '../models/hubSources.js';
import { removePatiently } from '../core/renamePatiently.js';
import { bestModel, expectation, methodsFor, type Sized } from '../insight/adviceRule.js';
import type { FeatureModel } from '../insight/featureModel.js';
import { labelledPaths, measureModel } from '../insight/measureModel.js';
import type { Advice, CommandOutputs, Estimate } from '../protocol.js';
import { cacheFolder } from '../runs/cacheFolder.js';
import { estimateApart } from '../training/estimateApart.js';
import { adviceLines, reasonsFor } from './adviceLines.js';
import type { Arguments } from './commands.js';
import { statusOf } from './dryRun.js';
import { bar, type Output } from './output.js';
import { datasetOf, modelReference, openNamedModel, openSubject } from './subject.js';

/** What a training is advised to be set to, in addition to model and method: what the rule was measured with. */
const usualSettings = { epochs: 10 };

interface Named extends Sized {
  /** What a config calls the model. */
  reference: string;
}

export async function advise(
  { operands, model: named }: Arguments<'advise'>,
  output: Output<CommandOutputs['advise']>,
  signal: AbortSignal,
): Promise<void> {
  const [given] = operands as [string];
  const subject = await openSubject(given, output, signal);
  const onNotice = output.problem.bind(output);
  const dataset = await datasetOf(subject, {
    cacheFolder: cacheFolder(),
    signal,
    onProgress: () => undefined,
    onNotice,
  });
  const labelled = labelledPaths(dataset);
  const measured: Named[] = [];
  for (const name of named.length ? named : ['embedded']) {
    const reference = await modelReference(name);
    const model = await openNamedModel(reference, output, signal);
    if (model.isTuned) throw errors.adviceNeedsBase(name);
    const measurement = await measureModel(name, model, labelled, {
      cacheFolder: cacheFolder(),
      signal,
      onNotice,
      onProgress(done, total) {
        output.status(`${bar(done / Math.max(1, total))} ${l10n.t('Computing features')} ${done}/${total}`);
        output.json({ type: 'progress', phase: 'features', done, total });
      },
    });
    output.json({ type: 'measurement', ...measurement });
    const isHeadOnly = isOnnx(model.spec.config);
    measured.push({ ...measurement, reference, parameters: parametersOf(model), isHeadOnly });
  }
  const best = bestModel(measured);
  const { method, settings, estimate } = await fitting(given, best, output, signal);
  const advice: Advice = {
    model: best.reference,
    method,
    settings,
    ...expectation(method, best),
    seconds: estimate.seconds,
    memoryBytes: estimate.memoryBytes,
    reasons: reasonsFor(method, best, measured, estimate),
  };
  output.json({ type: 'advice', ...advice });
  for (const line of adviceLines(advice, estimate)) output.line(line);
}

/** Numbers of a network, its head left out. */
function parametersOf({ spec }: FeatureModel): number {
  const fromFile = isOnnx(spec.config) ? spec.config.graph.weights : 0;
  return frozenOf(compileForward(spec, 1).graph).reduce((sum, { shape }) => sum + sizeOf(shape), fromFile);
}

/** The first method of the rule that this machine has the memory for; the last one, where it has it for none. */
async function fitting(
  given: string,
  measured: Named,
  output: Output<CommandOutputs['advise']>,
  signal: AbortSignal,
): Promise<{ method: string; settings: Record<string, unknown>; estimate: Estimate }> {
  const folder = await mkdtemp(join(tmpdir(), 'vitune-advice-'));
  try {
    let config = given;
    if (!isConfigName(given)) {
      config = join(folder, 'advice.vitune.json');
      await writeFile(
        config,
        JSON.stringify({ dataset: given.startsWith(hubPrefix) ? given : resolve(given), method: 'head' }),
      );
    }
    const set = (key: string, value: unknown): string => `${key}=${JSON.stringify(value)}`;
    const overrides = [
      set('model', measured.reference),
      ...Object.entries(usualSettings).map(([key, value]) => set(key, value)),
    ];
    for (const methods = methodsFor(measured); ; methods.shift()) {
      const [method] = methods as [string];
      const estimate = await estimateApart(config, [...overrides, set('method', method)], {
        signal,
        onProgress(progress) {
          output.status(statusOf(progress));
          output.json(progress);
        },
        onNotice: () => undefined,
      });
      if (methods.length === 1 || !estimate.short.includes('memory'))
        return { method, settings: { ...usualSettings }, estimate };
    }
  } finally {
    await removePatiently(folder);
  }
}
