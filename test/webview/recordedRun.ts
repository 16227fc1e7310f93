/** Events and states of a run as the trainer writes them: a LoRA run on six classes of waste, for the views' tests. */
import type { RecordedEvent, TrainEvent } from '../../src/trainer/protocol.js';
import { historyOf } from '../../src/extension/dashboard/history.js';
import { advance, noProgress } from '../../src/shared/runProgress.js';
import { Random } from '../../src/trainer/core/random.js';
import type {
  CheckpointRow,
  DashboardState,
  FormOption,
  NumberRule,
  RunSummary,
  PlanState,
  TrainPanelState,
} from '../../src/webview/protocol.js';

export const labels = ['cardboard', 'glass', 'metal', 'paper', 'plastic', 'trash'];
const perClass = [38, 47, 39, 56, 46, 13];
const run = '/images/runs/trashnet-lora';

export interface RunShape {
  /** Optimiser steps of the whole run. */
  steps: number;
  epochs: number;
  /** Steps taken so far; default all. */
  taken?: number;
  finished?: boolean;
  labels?: string[];
}

/** The whole `events.jsonl` of a run, the same at every call. */
export function recordedRun({
  steps,
  epochs,
  taken = steps,
  finished = taken === steps,
  labels: names = labels,
}: RunShape): RecordedEvent[] {
  const random = new Random(7, 'recorded run');
  const events: RecordedEvent[] = [];
  let time = Date.UTC(2026, 4, 4, 9, 30);
  const add = (event: TrainEvent, milliseconds: number) =>
    events.push({ ...event, seq: events.length, time: (time += milliseconds) });
  const stepsPerEpoch = steps / epochs;
  add({ type: 'progress', phase: 'decode', done: 971, total: 971 }, 40);
  add(
    {
      type: 'notice',
      code: 'IMAGES_SKIPPED',
      message: '2 images could not be read and were left out.',
      remedy: 'Inspect the dataset to see which.',
    },
    5,
  );
  add({ type: 'progress', phase: 'decode', done: 969, total: 969 }, 3100);
  add({ type: 'progress', phase: 'compile', done: 1, total: 1 }, 800);
  add(
    {
      type: 'started',
      run,
      name: 'trashnet-lora',
      device: 'cpu',
      model: 'embedded',
      method: 'lora',
      labels: names,
      images: { train: 730, validation: 239, test: 0 },
      skipped: 2,
      epochs,
      steps,
      trainableParameters: 148_230,
      totalParameters: 5_674_758,
    },
    20,
  );
  let best = { step: 0, accuracy: 0 };
  for (let step = 1; step <= taken; step += 1) {
    const done = step / steps;
    const loss = 1.75 * Math.exp(-4 * done) + 0.28 + (random.uniform() - 0.5) * 0.35 * (1.2 - done);
    const learningRate = done < 0.1 ? (1e-3 * done) / 0.1 : 5e-4 * (1 + Math.cos((Math.PI * (done - 0.1)) / 0.9));
    add(
      {
        type: 'step',
        step,
        epoch: step / stepsPerEpoch,
        loss,
        learningRate,
        imagesPerSecond: 21 + 3 * random.uniform(),
        waiting: 0.01 * random.uniform(),
      },
      690,
    );
    if (step % Math.round(stepsPerEpoch) === 0) {
      const accuracy = 0.3 + 0.55 * (1 - Math.exp(-4 * done)) + (random.uniform() - 0.5) * 0.02;
      const confusion = confusionOf(accuracy, names.length);
      add(
        {
          type: 'evaluation',
          step,
          epoch: step / stepsPerEpoch,
          split: 'validation',
          loss: 1.6 * Math.exp(-3 * done) + 0.45,
          accuracy,
          confusion,
        },
        3000,
      );
      const better = accuracy > best.accuracy;
      if (better) best = { step, accuracy };
      add({ type: 'checkpoint', step, path: `${run}/checkpoints/${step}`, best: better }, 60);
    }
  }
  if (finished)
    add({ type: 'finished', run, best, seconds: Math.round((time - events[0]!.time) / 1000), reason: 'epochs' }, 10);
  return events;
}

/** Counts of about that accuracy; what is missed goes mostly to the neighbours. */
function confusionOf(accuracy: number, classes: number): number[][] {
  return Array.from({ length: classes }, (_, truth) => {
    const total = perClass[truth % perClass.length]!;
    const row = Array.from({ length: classes }, () => 0);
    const right = Math.round(total * Math.min(1, accuracy * (1 + 0.08 * Math.cos(truth))));
    row[truth] = right;
    for (let left = total - right, away = 1; left > 0; away += 1) {
      const part = Math.ceil(left * 0.6);
      row[(truth + away * (truth % 2 ? 1 : 2)) % classes]! += part;
      left -= part;
    }
    return row;
  });
}

export function checkpointsOf(events: RecordedEvent[]): CheckpointRow[] {
  const saved = events.filter((event) => event.type === 'checkpoint');
  const best = saved.findLast((event) => event.best);
  return [...new Set([best, saved.at(-1)])].flatMap((event) =>
    event
      ? [
          {
            step: event.step,
            path: event.path,
            best: event === best,
            last: event === saved.at(-1),
            active: event === best,
            savedAt: event.time,
          },
        ]
      : [],
  );
}

export function dashboardState(events: RecordedEvent[], change: Partial<DashboardState> = {}): DashboardState {
  return {
    run: {
      folder: run,
      name: 'trashnet-lora',
      config: '/images/trashnet-lora.vitune.json',
      createdAt: Date.UTC(2026, 4, 4, 9, 30),
    },
    status: 'running',
    resumable: false,
    history: JSON.stringify(historyOf({ events, progress: events.reduce(advance, noProgress) })),
    checkpoints: checkpointsOf(events),
    isTrained: false,
    calibrated: null,
    again: null,
    changed: null,
    ...change,
  };
}

export function runSummary(change: Partial<RunSummary> = {}): RunSummary {
  return {
    folder: run,
    name: 'trashnet-lora',
    status: 'running',
    resumable: false,
    device: 'cpu',
    activity: null,
    epoch: 2.61,
    epochs: 10,
    step: 120,
    steps: 460,
    loss: 0.7431,
    imagesPerSecond: 23.4,
    accuracy: 0.741,
    best: { step: 92, accuracy: 0.741 },
    secondsLeft: 234,
    ...change,
  };
}

/** An option of the form that is a number; it is hidden for a method that trains nothing. */
const number = (key: string, label: string, isFolded: boolean, rule: NumberRule): FormOption => ({
  key,
  label,
  title: `What ${label} is.`,
  isFolded,
  needsTraining: true,
  kind: 'number',
  rule,
});

/** Advice to train the whole network, and an estimate that does not fit. */
export const plan: PlanState = {
  estimate: {
    kind: 'known',
    result: {
      training: 'a',
      seconds: 200,
      firstMetricSeconds: 25,
      memoryBytes: 5e8,
      freeMemoryBytes: 4e8,
      diskBytes: 1.8e8,
      freeDiskBytes: 1e11,
      steps: 490,
      batchSize: 16,
      recomputes: false,
      device: 'cpu',
      images: 777,
      newImages: 971,
      short: ['memory'],
      settings: ['batchSize=4 gradientAccumulationSteps=4', 'method=lora'],
    },
  },
  advice: {
    kind: 'known',
    result: {
      advice: {
        model: 'embedded',
        method: 'full',
        settings: { epochs: 10 },
        expectedAccuracy: 0.826,
        interval: [0.681, 0.882],
        seconds: 200,
        memoryBytes: 5e8,
        reasons: ['A linear head is right in 71.1 % of images.', 'Twice as many images may add about 6.6 %.'],
      },
      measured: {
        model: 'embedded',
        images: 971,
        ofImages: 971,
        classes: 6,
        imagesPerClass: 175,
        accuracy: 0.711,
        interval: [0.681, 0.738],
        familiarity: 0.647,
        curve: [
          { images: 194, accuracy: 0.516 },
          { images: 777, accuracy: 0.711 },
        ],
        gain: 0.066,
      },
    },
  },
};

export function trainPanelState(change: Partial<TrainPanelState> = {}): TrainPanelState {
  return {
    form: { dataset: '/images/trashnet', model: 'embedded', method: { type: 'lora' } },
    plan: { estimate: { kind: 'none' }, advice: { kind: 'none' } },
    changed: null,
    datasets: [
      { folder: '/images/trashnet', name: 'trashnet', inspection: { classes: 6, images: 971, problems: 2 } },
      { folder: '/images/hymenoptera with a rather long name', name: 'hymenoptera with a rather long name' },
    ],
    models: [
      { value: 'embedded', name: 'Embedded ViT', detail: 'ViT-Ti/8 at 64 px, 2.7 M parameters' },
      {
        value: '/models/vit-base-patch16-224',
        name: 'vit-base-patch16-224',
        detail: 'ViT-B/16 at 224 px, 86 M parameters',
      },
      {
        value: '/models/resnet50.onnx',
        name: 'resnet50.onnx',
        detail: 'It stays frozen.',
        onnx: { found: 'flatten', tensors: ['flatten', 'output', 'mean'] },
      },
    ],
    devices: [
      { value: 'auto' },
      { value: 'cpu', detail: '2 cores' },
      { value: 'webgpu', unavailable: 'no GPU was found' },
    ],
    targetModules: ['query', 'key', 'value', 'dense'],
    options: [
      number('epochs', 'Epochs', false, { integer: true, minimum: 1, default: 10 }),
      {
        ...number('batchSize', 'Batch size', false, { integer: true, minimum: 1, maximum: 4096, default: 16 }),
        needsTraining: false,
      },
      number('learningRate', 'Learning rate', false, { integer: false, exclusiveMinimum: 0 }),
      number('warmupRatio', 'Warm-up', true, { integer: false, minimum: 0, maximum: 1, default: 0.1 }),
      number('weightDecay', 'Weight decay', true, { integer: false, minimum: 0, default: 0.01 }),
      number('labelSmoothingFactor', 'Label smoothing', true, {
        integer: false,
        minimum: 0,
        exclusiveMaximum: 1,
        default: 0,
      }),
      { ...number('seed', 'Seed', true, { integer: true, minimum: 0, default: 42 }), needsTraining: false },
      {
        key: 'frozenPrecision',
        label: 'Frozen layers',
        title: 'How frozen linear layers multiply in training steps.',
        isFolded: true,
        needsTraining: true,
        kind: 'choice',
        values: ['fp32', 'fp16', 'int8'],
        details: [
          'fp32: exact.',
          'Floats of 16 bits, on a graphics card.',
          'Whole numbers of 8 bits: faster training steps.',
        ],
        default: 'fp32',
      },
      {
        ...number('validationSplit', 'Validation share', true, {
          integer: false,
          exclusiveMinimum: 0,
          exclusiveMaximum: 1,
          default: 0.2,
        }),
        needsTraining: false,
      },
      { ...number('earlyStoppingPatience', 'Early stopping', true, { integer: true, minimum: 1 }), empty: 'Never' },
    ],
    methods: [
      { type: 'pretrained', tradeOff: 'Trains nothing.', learningRate: '', options: [] },
      {
        type: 'adapter',
        tradeOff: 'Trains small bottleneck networks put into the frozen blocks.',
        learningRate: '0.001',
        options: [
          {
            key: 'placement',
            label: 'Placement',
            isFolded: false,
            title: 'Where in a block the bottlenecks are.',
            kind: 'choice',
            values: ['pfeiffer', 'houlsby'],
            details: ['One after the MLP of each block.', 'Two in each block.'],
            default: 'pfeiffer',
          },
        ],
      },
      { type: 'head', tradeOff: 'Trains only the classifier on top.', learningRate: '0.001', options: [] },
      {
        type: 'lora',
        tradeOff:
          'Trains small low-rank matrices beside the frozen weights: close to full fine-tuning with a fraction of the memory.',
        learningRate: '0.001',
        options: [
          {
            key: 'rank',
            label: 'Rank',
            isFolded: false,
            title: 'Rank of the update matrices.',
            kind: 'number',
            rule: { integer: true, minimum: 1, maximum: 1024, default: 8 },
          },
          {
            key: 'alpha',
            label: 'Alpha',
            isFolded: false,
            title: 'Strength of the update.',
            kind: 'number',
            rule: { integer: false, exclusiveMinimum: 0, default: 16 },
          },
          {
            key: 'dropout',
            label: 'Dropout',
            isFolded: true,
            title: 'Share dropped.',
            kind: 'number',
            rule: { integer: false, minimum: 0, exclusiveMaximum: 1, default: 0 },
          },
          {
            key: 'targetModules',
            label: 'Target modules',
            isFolded: false,
            title: 'The layers that get an adapter.',
            kind: 'modules',
            default: ['query', 'value'],
          },
          {
            key: 'useDora',
            label: 'DoRA',
            isFolded: true,
            title: 'Trains magnitude and direction apart.',
            kind: 'check',
            default: false,
          },
          {
            key: 'layersToTransform',
            label: 'Layers',
            isFolded: true,
            empty: 'All',
            title: 'Only these blocks.',
            kind: 'list',
            of: 'integer',
          },
          {
            key: 'quantization',
            label: 'Quantization',
            isFolded: false,
            title: 'How the frozen weights are stored.',
            kind: 'choice',
            values: ['nf4', 'int8'],
            default: 'nf4',
          },
        ],
      },
      {
        type: 'full',
        tradeOff: 'Trains every weight: the most able, the slowest.',
        learningRate: '0.00005 × 768 / width',
        options: [],
      },
    ],
    runs: [],
    error: null,
    notice: null,
    ...change,
  };
}
