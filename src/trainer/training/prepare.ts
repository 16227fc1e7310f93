/** What a run computes, and on which device: the network with its loss and precision, and the plan for its features. */
import * as l10n from '@vscode/l10n';
import type { ModelSpec } from '../compile/compile.js';
import { takesSteps } from '../config/methods.js';
import type { TrainConfig } from '../config/schema.js';
import { timed } from '../core/stages.js';
import { countLabels } from '../core/tasks.js';
import { errors } from '../errors/errors.js';
import { chooseDevice, type ChosenDevice } from '../engine/devices.js';
import type { Engine } from '../engine/engine.js';
import { createEngine } from '../engine/createEngine.js';
import { cacheLimit, deviceFolder } from '../runs/cacheFolder.js';
import { runConfig } from '../runs/runFolder.js';
import type { FeaturePlan } from '../insight/featureStore.js';
import { boundOf, crossCheckApart } from './crossCheck.js';
import { planFeatures } from './featurePlan.js';
import { lossSpecOf } from './lossSpecOf.js';
import type { Inputs } from './openInputs.js';
import { prepareNetwork, type PreparedNetwork } from './prepareNetwork.js';
import type { RunContext } from './runContext.js';

export interface Prepared extends PreparedNetwork {
  engine: Engine;
  /** With the loss and the precision of the run, and with the cut where it keeps features. */
  model: ModelSpec;
  features: FeaturePlan | undefined;
}

/** Everything that can be decided before an image is decoded. Throws a `UserError` where config and inputs conflict. */
export async function prepare(context: RunContext, inputs: Inputs): Promise<Prepared> {
  const { loaded, profile, notice } = context;
  const { base, dataset } = inputs;
  const { config, placeOf } = loaded;
  const network = prepareNetwork(loaded, base, countLabels(dataset.tasks));
  const loss = lossSpecOf(loaded, dataset.tasks, dataset.splits.train);
  dataset.problems.forEach(notice);
  const chosen = await timed('device', async () => {
    const wanted = await chooseDevice(config.device, (code, message, remedy) => notice({ code, message, remedy }), {
      verdicts: deviceFolder(context.cacheFolder),
      place: placeOf('device'),
    });
    return trusted(wanted, context, inputs);
  });
  const engine = createEngine(chosen.device, { profile });
  const frozenPrecision = precisionOn(chosen, config.frozenPrecision, notice);
  const features = planFeatures(loaded, network.model, dataset.splits, cacheLimit('features'), notice);
  return { ...network, engine, model: { ...network.model, frozenPrecision, loss, cut: features?.cut }, features };
}

/**
 * The device, once it was seen to compute what the CPU computes.
 * @throws UserError where it does not and the config names it; else the CPU takes its place, with a notice
 */
async function trusted(
  chosen: ChosenDevice,
  { loaded, run, cacheFolder, notice, signal }: RunContext,
  { base, revision, dataset: { tasks } }: Inputs,
): Promise<ChosenDevice> {
  const { config, placeOf } = loaded;
  const { device } = chosen;
  if (device === 'cpu' || !takesSteps(config.method)) return chosen;
  const frozenPrecision = precisionOn(chosen, config.frozenPrecision, () => undefined);
  const { method, optim, loss } = config;
  const check = await crossCheckApart(
    { config: runConfig(run), revision, device, frozenPrecision, tasks },
    { signal, kept: deviceFolder(cacheFolder), of: { base: base.reference, method, optim, loss } },
  );
  if (check && check.difference <= boundOf(frozenPrecision)) return chosen;
  const place = config.device === 'auto' ? undefined : placeOf('device');
  const distrust = errors.deviceDistrusted(device, check?.difference, place);
  if (place) throw distrust;
  notice(distrust.toInfo());
  return { device: 'cpu' };
}

/** The precision that was requested, where the device has it; otherwise fp32, with a notice. */
function precisionOn(
  { device, noFp16 }: ChosenDevice,
  wanted: TrainConfig['frozenPrecision'],
  notice: RunContext['notice'],
): typeof wanted {
  const inFp32 = (code: string, message: string): 'fp32' => {
    notice({ code, message });
    return 'fp32';
  };
  if (wanted === 'int8' && device !== 'cpu') {
    return inFp32(
      'INT8_NEEDS_CPU',
      l10n.t('Frozen layers multiply in fp32: int8 works only on the CPU, and this run is on {0}.', device),
    );
  }
  if (wanted === 'fp16' && device === 'cpu') {
    const message = l10n.t(
      'Frozen layers multiply in fp32: fp16 works only on graphics cards, and this run is on the CPU, where int8 is faster.',
    );
    return inFp32('FP16_NEEDS_GPU', message);
  }
  if (wanted === 'fp16' && noFp16 !== undefined) {
    return inFp32(
      'FP16_UNAVAILABLE',
      l10n.t('Frozen layers multiply in fp32: {0} does not support fp16 here ({1}).', device, noFp16),
    );
  }
  return wanted;
}
