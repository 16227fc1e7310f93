/** The end of a run: its best checkpoint gets its calibration and its bank of training images. */
import { calibrate } from '../inference/calibrate.js';
import type { Answers } from '../inference/answers.js';
import { bankLabel, chooseForBank, collectBank, mostInBank, type Bank } from '../inference/bank.js';
import { timed } from '../core/stages.js';
import { eachUntilAborted, untilAborted } from '../core/untilAborted.js';
import { epochOrder } from '../data/store.js';
import { writeCalibration } from '../models/calibrationFile.js';
import { hashOfWeights, type CheckpointContent } from '../models/checkpoint.js';
import { writeOutcomes } from '../models/outcomesFile.js';
import type { TrainEvent } from '../protocol.js';
import { placeIn } from '../runs/splitFile.js';
import type { ResolvedConfig } from './batchChoice.js';
import type { BatchSource } from '../insight/featureStore.js';
import type { Predictor } from './learner.js';

export interface CalibrateRunOptions {
  config: ResolvedConfig;
  store: BatchSource;
  content: Pick<CheckpointContent, 'tasks'>;
  emit: (event: TrainEvent) => void;
  signal: AbortSignal;
  /** The best checkpoint and its step; `model` holds its weights. */
  checkpoint: string;
  step: number;
  model: Pick<Predictor, 'infer'>;
  /** Identifies the images, as `Progress` has it. */
  dataset: string;
  /** The folder of the dataset. */
  root: string;
  /** Steps that the run has taken. */
  stepsTaken: number;
  /** To the validation images, and to the test images where there are such. */
  answers: Answers;
  tested: Answers | undefined;
}

/**
 * Passes through the network, as a share of the run's own: a step is three of them, and the bank may cost so much of
 * all steps.
 */
const passesOfStep = 3;
const shareOfRun = 0.02;
/** Fewer images than this cost nothing that anybody would notice. */
const fewestInBank = 64;

/** The bank, of images that the run has trained on, whose pixels or features are therefore at hand. */
async function bankOf({
  config,
  store,
  content,
  model,
  stepsTaken,
  answers,
  signal,
  root,
}: CalibrateRunOptions): Promise<Bank | undefined> {
  const width = answers.embeddings[0]?.length;
  if (width === undefined) return undefined;
  const { train } = store.splits;
  const { seed, batchSize, gradientAccumulationSteps, evalBatchSize, method } = config;
  const taken = stepsTaken * batchSize * gradientAccumulationSteps;
  // Where features are all that a method reads, they are kept, and cost nothing.
  const isFree = store.featuresOf !== undefined && (method.type === 'head' || method.type === 'pretrained');
  const affordable = isFree ? train.length : Math.max(fewestInBank, Math.floor(passesOfStep * shareOfRun * taken));
  const seen = epochOrder(train.length, seed, 0).subarray(0, taken || train.length);
  const labelOf = (image: number): number => bankLabel(train.labelsAt(image), content.tasks);
  const chosen = chooseForBank(seen, labelOf, Math.min(affordable, mostInBank(width)), seed);
  return collectBank(
    eachUntilAborted(store.batchesOf('train', chosen, evalBatchSize), signal),
    (images) => untilAborted(model.infer(images), signal),
    { width, labelOf, pathOf: (image) => placeIn(root, train.pathAt(image)) },
  );
}

/** Writes the files and reports what was found. */
export async function calibrateRun(o: CalibrateRunOptions): Promise<void> {
  const { content, checkpoint, answers, tested, config, step, emit } = o;
  await timed('calibrate', async () => {
    const bank = await bankOf(o);
    const found = await calibrate(content.tasks, answers, { bank, accepted: config.acceptedShare });
    const isKept = found.unknown !== undefined;
    await writeCalibration(checkpoint, { model: await hashOfWeights(checkpoint), ...found }, isKept ? bank : undefined);
    const splits = { validation: answers.outcomes(), ...(tested && { test: tested.outcomes() }) };
    await writeOutcomes(checkpoint, { dataset: o.dataset, splits });
    const { unknown } = found;
    emit({
      type: 'calibration',
      step,
      tasks: found.tasks,
      ...(unknown && {
        unknown: { accepted: unknown.accepted, threshold: unknown.threshold, images: unknown.labels.length },
      }),
    });
  });
}
