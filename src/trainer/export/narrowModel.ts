/** Chooses how each layer of an export is stored: as narrow as asked, and wider where the accuracy would suffer. */
import type { Precision } from '../../shared/precisions.js';
import { linearLayers, type NarrowPlan, type Storage } from '../compile/narrowGraph.js';
import { NarrowWeights } from '../compile/narrowWeights.js';
import { errors } from '../errors/errors.js';
import type { LoadedCheckpoint } from '../models/checkpoint.js';
import { observeActivations, type Activations } from './activations.js';
import { rangeRules, type RangeRule } from './histogram.js';
import type { MeasuredImages } from './measuredImages.js';
import { largestFile, onnxOf, weightBytes, type ExportGraphs, type Narrowing } from './onnxExport.js';
import { distance, tables, Trials, type Storing } from './trials.js';

type NarrowPrecision = Exclude<Precision, 'fp32'>;

const storages: Record<NarrowPrecision, Storage> = {
  fp16: 'fp16',
  'int8-weights': 'int8',
  int8: 'int8-static',
  int4: 'int4',
};
/** The next wider way to store a layer. */
const wider: Partial<Record<Storage, Storage>> = { int4: 'int8', 'int8-static': 'int8', int8: 'fp16', fp16: 'fp32' };

/** The sensitivity of a layer is measured on so many batches. */
const sensitivityBatches = 4;
/** Shares of the whole work, for the progress. */
const shares = { observed: 0.3, tried: 0.4, sensitive: 0.85 };

export interface NarrowOptions {
  precision: NarrowPrecision;
  /** Points of accuracy that it may cost at most. */
  maxLoss: number;
  images: Pick<MeasuredImages, 'chosen'>;
  signal?: AbortSignal | undefined;
  /** The share that is done, 0 to 1. */
  onProgress: (share: number) => void;
}

export interface Narrowed extends Narrowing {
  layers: number;
  /** Names of the layers that stayed wider, the most sensitive first. */
  wider: string[];
}

/**
 * Stores every layer as narrow as asked. While that costs too much accuracy on the images, the layers whose rounding
 * changes the logits most are stored one step wider, as few as suffice.
 * @throws UserError where no layer can be narrow, or the model is too large to be tried.
 */
export async function narrowModel(
  model: LoadedCheckpoint,
  graphs: ExportGraphs,
  { precision, maxLoss, images: { chosen }, signal, onProgress }: NarrowOptions,
): Promise<Narrowed> {
  const layers = [...new Set(linearLayers(graphs.graph).map(({ name }) => name))];
  if (!layers.length) throw errors.quantization.noLayers(model.folder);
  const bytes = weightBytes(onnxOf(graphs));
  if (bytes > largestFile) throw errors.quantization.tooLarge(bytes);
  const narrowest = storages[precision];
  const activations =
    narrowest === 'int4' || narrowest === 'int8-static'
      ? await observeActivations(graphs, chosen, { signal, onProgress: (share) => onProgress(shares.observed * share) })
      : undefined;
  const trials = new Trials(model, graphs, new NarrowWeights(activations?.importance), chosen, signal);
  const reference = await trials.logits();
  const least = trials.accuracy(reference) - maxLoss / 100 - 1e-9;
  let storing: Storing = new Map([...layers, tables].map((name) => [name, narrowest]));
  const range = await betterRange(trials, storing, reference, activations);
  const isEnough = async (each: Storing): Promise<boolean> =>
    trials.accuracy(await trials.logits(trials.narrowing(each, range))) >= least;
  onProgress(shares.tried);
  const done = (order: readonly string[]): Narrowed => ({
    ...trials.narrowing(storing, range),
    layers: layers.length,
    wider: order.filter((name) => name !== tables && storing.get(name) !== narrowest),
  });
  if (await isEnough(storing)) return done([]);
  const order = await bySensitivity();
  for (;;) {
    const candidates = order.filter((name) => wider[storing.get(name)!]);
    const widened = (count: number): Storing => {
      const first = new Set(candidates.slice(0, count));
      return new Map([...storing].map(([name, each]) => [name, first.has(name) ? wider[each]! : each]));
    };
    // All in fp32 are the checkpoint itself.
    if (!candidates.length) return done(order);
    // The fewest that suffice: in steps that double, then by halving.
    let [few, many] = [0, 1];
    while (many < candidates.length && !(await isEnough(widened(many)))) {
      [few, many] = [many, Math.min(candidates.length, 2 * many)];
      onProgress(shares.sensitive + ((1 - shares.sensitive) * many) / candidates.length / 2);
    }
    if (many === candidates.length && !(await isEnough(widened(many)))) {
      storing = widened(many);
      continue;
    }
    while (many - few > 1) {
      const middle = (few + many) >> 1;
      if (await isEnough(widened(middle))) many = middle;
      else few = middle;
    }
    storing = widened(many);
    return done(order);
  }

  /** The layers by how much the logits change where only that layer is narrow, the most first. */
  async function bySensitivity(): Promise<string[]> {
    const names = [...storing.keys()];
    const found = new Map<string, number>();
    for (const [i, name] of names.entries()) {
      const alone = new Map(names.map((each) => [each, each === name ? narrowest : ('fp32' as const)]));
      const logits = await trials.logits(trials.narrowing(alone, range), sensitivityBatches);
      found.set(name, distance(logits, reference));
      onProgress(shares.tried + ((shares.sensitive - shares.tried) * (i + 1)) / names.length);
    }
    return names.sort((a, b) => found.get(b)! - found.get(a)!);
  }
}

/** The ranges by the rule whose logits are nearer to the reference, where activations are rounded. */
async function betterRange(
  trials: Trials,
  storing: Storing,
  reference: readonly Float32Array[],
  activations: Activations | undefined,
): Promise<NarrowPlan['range']> {
  const byRule = (rule: RangeRule): NarrowPlan['range'] => {
    const known = new Map<string, ReturnType<NarrowPlan['range']>>();
    return (weight) => {
      const range = known.get(weight) ?? activations!.range(weight, rule);
      known.set(weight, range);
      return range;
    };
  };
  let best = { range: byRule('percentile'), distance: Infinity };
  if (![...storing.values()].includes('int8-static')) return best.range;
  for (const rule of rangeRules) {
    const range = byRule(rule);
    const found = distance(await trials.logits(trials.narrowing(storing, range)), reference);
    if (found < best.distance) best = { range, distance: found };
  }
  return best.range;
}
