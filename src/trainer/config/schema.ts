/**
 * The one schema of `*.vitune.json`: it gives the type, the validation and (through jsonSchema.ts) what the editor
 * completes.
 */
import * as l10n from '@vscode/l10n';
import * as z from 'zod';
import { commonMetrics, type CommonMetric } from '../../shared/metrics.js';
import { augmentation } from './augmentation.js';
import { choice } from './choice.js';
import { inForm } from './formField.js';
import {
  defaultLearningRate,
  defaultMethod,
  learningRateWords,
  methodObject,
  methodSchemas,
  trainingMethods,
  type MethodName,
} from './methods.js';
import { splitSchema } from './splitSchema.js';
import { testsSchema } from './testsSchema.js';

const share = () => z.number().gte(0).lt(1);
const count = (max: number) => z.int().min(1).max(max);

function method() {
  const schemas = methodSchemas();
  const names = Object.keys(schemas) as MethodName[];
  const object = methodObject();
  const name = z.enum(names).meta({ enumDescriptions: names.map((each) => schemas[each].description) });
  return z
    .union([name, object])
    .transform((value) => (typeof value === 'string' ? object.parse({ type: value }) : value))
    .prefault(defaultMethod);
}

/** The schema in the language that `@vscode/l10n` is set to at the time of the call. */
export function buildSchema() {
  return z
    .strictObject({
      $schema: z.string().optional().describe(l10n.t('The JSON Schema of this file, for editors.')),
      model: z
        .string()
        .min(1)
        .default('embedded')
        .meta({
          description: l10n.t(
            'The model to start from: "embedded" (comes with ViTune), a folder in Hugging Face format, the name of one on the hub, or an ONNX file, which stays frozen.',
          ),
        }),
      revision: z
        .string()
        .min(1)
        .optional()
        .describe(l10n.t('For a model on the hub: the branch, tag or commit; without it, the branch main.')),
      init: choice({
        pretrained: l10n.t("Start from the model's own weights."),
        random: l10n.t('Start the same network from random weights, e.g. to compare.'),
      })
        .default('pretrained')
        .describe(l10n.t('Which weights to start from.')),
      dataset: z
        .union([
          z.string().min(1),
          z.strictObject({
            train: z.string().min(1).describe(l10n.t('Folder of the training images.')),
            validation: z
              .string()
              .min(1)
              .optional()
              .describe(l10n.t('Folder of the images to validate on while training.')),
            test: z.string().min(1).optional().describe(l10n.t('Folder of the images for the final test.')),
          }),
          z.strictObject({
            folder: z.string().min(1).describe(l10n.t('Folder of all images.')),
            labels: z
              .string()
              .min(1)
              .optional()
              .describe(l10n.t('The label file, relative to the folder; without it, labels.csv.')),
            image: z
              .string()
              .min(1)
              .optional()
              .describe(
                l10n.t(
                  'The column with the paths of the images, relative to the folder; without it, the one called image, file, file_name or path.',
                ),
              ),
            columns: z
              .array(z.string().min(1))
              .min(1)
              .optional()
              .describe(
                l10n.t(
                  'The columns to learn, a task each, of which one label is right; without it, the one called label.',
                ),
              ),
            multiLabel: z
              .union([z.string().min(1), z.array(z.string().min(1)).min(1)])
              .optional()
              .describe(
                l10n.t(
                  'The columns of a multi-label task, where any number of labels may be right: a column with labels separated by ; or |, or a list of columns with 0 and 1.',
                ),
              ),
            split: z
              .string()
              .min(1)
              .optional()
              .describe(
                l10n.t(
                  'The column with train, validation or test; without it, the one called split, or a split drawn by seed.',
                ),
              ),
          }),
        ])
        .describe(
          l10n.t(
            'A folder with one folder of images for each class, a folder for each split, a folder with a label file (CSV), or "hub:owner/name" for a dataset of class folders on the hub.',
          ),
        ),
      method: method().describe(l10n.t('How to fine-tune: a name, or an object with options.')),
      epochs: count(100_000)
        .default(10)
        .meta(
          inForm(l10n.t('How often each training image is seen.'), { label: l10n.t('Epochs'), needsTraining: true }),
        ),
      maxSteps: count(1e9).optional().describe(l10n.t('Stops after this many steps, whatever the epochs.')),
      batchSize: z
        .union([
          count(4096),
          choice({
            auto: l10n.t('The smallest that is nearly as fast as any and fits into memory, found by a trial.'),
          }),
        ])
        .default(16)
        .meta(inForm(l10n.t('Images in one step; "auto" finds a number.'), { label: l10n.t('Batch size') })),
      gradientAccumulationSteps: count(4096)
        .default(1)
        .describe(l10n.t('Batches whose gradients are added up before a step: a larger batch for the same memory.')),
      gradientCheckpointing: z
        .union([choice({ auto: l10n.t('If memory would not suffice otherwise, and with QLoRA.') }), z.boolean()])
        .default('auto')
        .describe(
          l10n.t(
            "Whether the backward pass recomputes each block's activations instead of keeping them: less memory; measured steps took 1.1 to 1.3 times as long.",
          ),
        ),
      learningRate: z
        .number()
        .gt(0)
        .max(10)
        .optional()
        .meta(
          inForm(
            l10n.t(
              'Peak learning rate. Without it: {0}.',
              trainingMethods.map((name) => `${name} ${learningRateWords(name)}`).join(', '),
            ),
            { label: l10n.t('Learning rate'), needsTraining: true },
          ),
        ),
      lrSchedulerType: choice({
        cosine: l10n.t('Falls to zero along half a cosine.'),
        linear: l10n.t('Falls to zero in a straight line.'),
        constant: l10n.t('Stays at its peak after the warm-up.'),
      })
        .default('cosine')
        .describe(l10n.t('How the learning rate changes after the warm-up.')),
      warmupRatio: share()
        .default(0.1)
        .meta(
          inForm(l10n.t('Share of all steps in which the learning rate climbs from zero to its peak.'), {
            label: l10n.t('Warm-up'),
            isFolded: true,
            needsTraining: true,
          }),
        ),
      optim: choice({
        adamw: l10n.t('AdamW for every weight: the usual choice.'),
        muon: l10n.t(
          "Muon for the body's matrices and AdamW for the rest: learns faster when a network starts from random weights.",
        ),
      })
        .default('adamw')
        .describe(l10n.t('The optimizer.')),
      muonMomentum: share().default(0.95).describe(l10n.t("Muon's decay of the mean gradient.")),
      weightDecay: z
        .number()
        .min(0)
        .max(1)
        .default(0.01)
        .meta(
          inForm(l10n.t('Decoupled weight decay; biases and norms are spared.'), {
            label: l10n.t('Weight decay'),
            isFolded: true,
            needsTraining: true,
          }),
        ),
      adamBeta1: share().default(0.9).describe(l10n.t("AdamW's decay of the mean gradient.")),
      adamBeta2: share().default(0.999).describe(l10n.t("AdamW's decay of the mean squared gradient.")),
      adamEpsilon: z.number().gt(0).max(1).default(1e-8).describe(l10n.t("AdamW's guard against division by zero.")),
      maxGradNorm: z
        .number()
        .min(0)
        .default(1)
        .describe(l10n.t('Gradients with a greater global norm are scaled down to it; 0 turns clipping off.')),
      labelSmoothingFactor: share()
        .default(0)
        .meta(
          inForm(l10n.t('Share of each label spread evenly over all classes.'), {
            label: l10n.t('Label smoothing'),
            isFolded: true,
            needsTraining: true,
          }),
        ),
      loss: choice({
        crossEntropy: l10n.t('Cross-entropy: every image counts equally.'),
        focal: l10n.t(
          'Focal loss: images that the model is sure of count less. It suits classes that are much rarer than others.',
        ),
      })
        .default('crossEntropy')
        .describe(l10n.t('What training minimises.')),
      focalGamma: z
        .number()
        .min(0)
        .max(10)
        .default(2)
        .describe(
          l10n.t('How much less the focal loss counts images that the model is sure of; 0 makes it the cross-entropy.'),
        ),
      classWeights: z
        .union([
          z.literal('balanced'),
          z.array(z.number().gt(0).max(1e6)).min(1),
          z.record(z.string(), z.number().gt(0).max(1e6)),
        ])
        .optional()
        .describe(
          l10n.t(
            'The weight of each label in the loss: "balanced" gives rare labels more weight; or numbers by label, or a list in the order of the labels.',
          ),
        ),
      dropout: share()
        .optional()
        .describe(l10n.t("Dropout inside the network while training; without it, the model's own.")),
      dropPath: share()
        .default(0)
        .describe(
          l10n.t(
            'Stochastic depth: chance that the last block is skipped for a training image; the chance grows evenly from 0 at the first block.',
          ),
        ),
      patchDropout: share()
        .default(0)
        .describe(
          l10n.t(
            'Share of the patches that training leaves out of each image, others at each step: a step costs that much less. Evaluation and answers see all patches.',
          ),
        ),
      patchDropoutUntil: z
        .number()
        .min(0)
        .max(1)
        .default(0.8)
        .describe(
          l10n.t('The share of the steps after which training sees all patches again in spite of patchDropout.'),
        ),
      ema: z
        .union([
          z.literal(false),
          z.strictObject({
            decay: z
              .number()
              .gt(0)
              .lt(1)
              .default(0.999)
              .describe(l10n.t('How much of the average stays at each step.')),
          }),
        ])
        .default(false)
        .describe(
          l10n.t(
            'Keeps a moving average of the trained weights; the average is evaluated and saved. {} uses the usual decay.',
          ),
        ),
      seed: z
        .int()
        .min(0)
        .default(42)
        .meta(
          inForm(l10n.t('The source of everything random: the same seed gives the same run.'), {
            label: l10n.t('Seed'),
            isFolded: true,
          }),
        ),
      device: choice({
        auto: l10n.t('The fastest device found.'),
        cpu: l10n.t('The CPU.'),
        webgpu: l10n.t('Any graphics card.'),
        cuda: l10n.t('An NVIDIA graphics card, with the CUDA libraries installed.'),
        tensorflow: l10n.t(
          'TensorFlow.js, where it is installed: on an NVIDIA graphics card with CUDA 11, else on the CPU.',
        ),
      })
        .default('auto')
        .describe(l10n.t('What to compute on.')),
      frozenPrecision: choice({
        fp32: l10n.t('fp32: exact.'),
        fp16: l10n.t(
          'fp16, on a graphics card that supports it: half the memory for frozen layers in training steps, and a very small rounding error.',
        ),
        int8: l10n.t('int8: faster training steps on the CPU, and a small rounding error in the gradients.'),
      })
        .default('fp32')
        .meta(
          inForm(
            l10n.t(
              'How frozen linear layers multiply while training; the saved model, its final evaluation and classification stay exact.',
            ),
            { label: l10n.t('Frozen layers'), isFolded: true, needsTraining: true },
          ),
        ),
      validationSplit: z
        .number()
        .gt(0)
        .lt(1)
        .default(0.2)
        .meta(
          inForm(l10n.t('Share of each class set aside for validation when the dataset has no validation folder.'), {
            label: l10n.t('Validation share'),
            isFolded: true,
          }),
        ),
      split: splitSchema(),
      splitSeed: z
        .int()
        .min(0)
        .optional()
        .describe(
          l10n.t(
            'The seed of the drawn validation images, where runs of several seeds shall have the same. Default: the seed.',
          ),
        ),
      featureCache: z
        .union([
          choice({
            auto: l10n.t('If it saves most of the work and costs no accuracy: with head, and with fixed views.'),
          }),
          z.boolean(),
        ])
        .default('auto')
        .describe(
          l10n.t(
            "Whether the frozen layers' features of each image are computed once and kept on disk, rather than in every epoch.",
          ),
        ),
      augmentation: augmentation().describe(l10n.t('Random changes to the training images.')),
      imageSize: z
        .int()
        .min(16)
        .max(2048)
        .optional()
        .describe(l10n.t("Height and width of the model's input in pixels; without it, the model's own.")),
      featureOutput: z
        .string()
        .min(1)
        .optional()
        .describe(
          l10n.t(
            'For an ONNX file: the output or inner tensor that holds the features of an image; without it, the input of its classifier.',
          ),
        ),
      evalBatchSize: count(4096)
        .optional()
        .describe(l10n.t('Images in one batch of an evaluation; without it, as batchSize.')),
      evalSteps: count(1e9).optional().describe(l10n.t('Steps between evaluations; without it, one after each epoch.')),
      saveSteps: count(1e9).optional().describe(l10n.t('Steps between checkpoints; without it, one after each epoch.')),
      saveTotalLimit: count(10_000)
        .default(2)
        .describe(l10n.t('How many checkpoints to keep; the best and the last always stay.')),
      loggingSteps: count(1e9).default(1).describe(l10n.t('Steps between two points of the curves.')),
      earlyStoppingPatience: count(10_000)
        .optional()
        .meta(
          inForm(l10n.t('Stops after this many evaluations without a better one.'), {
            label: l10n.t('Early stopping'),
            isFolded: true,
            needsTraining: true,
            empty: l10n.t('Never'),
          }),
        ),
      metricForBestModel: choice(
        Object.fromEntries(
          commonMetrics.map(({ name, help, higherIsBetter }) => [
            name,
            `${help(l10n)} ${higherIsBetter ? l10n.t('Higher is better.') : l10n.t('Lower is better.')}`,
          ]),
        ) as Record<CommonMetric, string>,
      )
        .default('accuracy')
        .describe(l10n.t('The metric on the validation images that decides which checkpoint is the best.')),
      acceptedShare: z
        .number()
        .min(0.5)
        .max(1)
        .default(0.95)
        .describe(
          l10n.t(
            'Share of the validation images that must count as known. A greater share calls fewer images unknown, and misses more that are.',
          ),
        ),
      tests: testsSchema()
        .optional()
        .describe(l10n.t('What must hold of the newest run of this config: vitune test checks it.')),
      output: z
        .string()
        .min(1)
        .optional()
        .describe(
          l10n.t(
            'The folder of the run; without it, runs/ and the name of this file, with a number when that is taken.',
          ),
        ),
    })
    .describe(l10n.t('What ViTune trains, on which images, and how. Paths are relative to this file.'));
}

/** A whole config, defaults applied. After `loadConfig` its paths are absolute. */
export type TrainConfig = z.output<ReturnType<typeof buildSchema>>;

/** How many images are drawn for validation, and by which seed. */
export const drawOf = ({
  validationSplit,
  seed,
  splitSeed = seed,
}: Pick<TrainConfig, 'validationSplit' | 'seed' | 'splitSeed'>): { validationSplit: number; seed: number } => ({
  validationSplit,
  seed: splitSeed,
});

/** What keeps images on one side of a split. */
export type GroupBy = NonNullable<TrainConfig['split']>['groupBy'];

/** The config's learning rate, or the usual one of its method in a model of this width. */
export const learningRateOf = (
  { learningRate, method }: Pick<TrainConfig, 'learningRate' | 'method'>,
  width: number,
): number => learningRate ?? defaultLearningRate(method.type, width);
