/**
 * The fine-tuning methods a config can name, one entry each: options with defaults, the trade-off in one sentence, the
 * usual learning rate.
 */
import * as l10n from '@vscode/l10n';
import * as z from 'zod';
import { choice } from './choice.js';
import { inForm } from './formField.js';

function method<Name extends string, Options extends z.core.$ZodShape>(name: Name, tradeOff: string, options: Options) {
  return z.strictObject({ type: z.literal(name).describe(tradeOff), ...options }).describe(tradeOff);
}

const share = () => z.number().gte(0).lt(1).default(0);

/** Options of low-rank adaptation, whatever the precision of the frozen weights. */
function loraOptions() {
  return {
    rank: z
      .int()
      .min(1)
      .max(1024)
      .default(8)
      .meta(
        inForm(l10n.t('Rank of the update matrices: more can learn more, and costs more.'), { label: l10n.t('Rank') }),
      ),
    alpha: z
      .number()
      .gt(0)
      .max(65536)
      .default(16)
      .meta(inForm(l10n.t('Strength of the update: it is scaled by alpha / rank.'), { label: l10n.t('Alpha') })),
    dropout: share().meta(
      inForm(l10n.t("Share of the adapter's inputs dropped while training."), {
        label: l10n.t('Dropout'),
        isFolded: true,
      }),
    ),
    targetModules: z
      .array(z.string().min(1))
      .min(1)
      .default(['query', 'value'])
      .meta({
        ...inForm(
          l10n.t(
            'The linear layers that get an adapter, by the end of their names; "all-linear" means each but the classifier.',
          ),
          { label: l10n.t('Target modules') },
        ),
        examples: [['query', 'value'], ['query', 'key', 'value'], ['all-linear']],
      }),
    layersToTransform: z
      .array(z.int().min(0).max(511))
      .min(1)
      .optional()
      .meta(
        inForm(
          l10n.t(
            'The blocks that get adapters, counted from 0; without it, all. Those before the first need no backward pass.',
          ),
          { label: l10n.t('Layers'), isFolded: true, empty: l10n.t('All') },
        ),
      ),
    useRslora: z
      .boolean()
      .default(false)
      .meta(
        inForm(l10n.t('Scales by alpha / √rank instead (rsLoRA), which keeps a high rank learning.'), {
          label: l10n.t('Rank-stabilized'),
          isFolded: true,
        }),
      ),
    useDora: z
      .boolean()
      .default(false)
      .meta(
        inForm(
          l10n.t(
            'Also learns the length of each row of the adapted weights (DoRA): often closer to full fine-tuning at a low rank, for slower steps.',
          ),
          { label: l10n.t('DoRA'), isFolded: true },
        ),
      ),
  };
}

/**
 * The schema of each method's object form; its description is the trade-off that completion shows. A new method is a
 * new entry here.
 */
export function methodSchemas() {
  return {
    pretrained: method(
      'pretrained',
      l10n.t(
        'Trains nothing: each image gets the label of the most similar training images. It takes seconds and is a baseline for the other methods.',
      ),
      {
        neighbors: z
          .int()
          .min(1)
          .max(10_000)
          .default(20)
          .meta(
            inForm(l10n.t('How many of the most similar training images have a vote.'), {
              label: l10n.t('Neighbours'),
            }),
          ),
        temperature: z
          .number()
          .gt(0)
          .max(100)
          .default(0.07)
          .meta(
            inForm(l10n.t('How much more the nearest count: a vote weighs exp(cosine similarity / temperature).'), {
              label: l10n.t('Temperature'),
              isFolded: true,
            }),
          ),
      },
    ),
    head: method(
      'head',
      l10n.t(
        'Trains only the classifier on top: an epoch takes seconds. It is enough when the images resemble those that the model knows.',
      ),
      {
        solver: choice({
          sgd: l10n.t('By steps of the optimizer over several epochs.'),
          ridge: l10n.t(
            'In closed form, without epochs: ridge regression on random projections of the features. A class that is added or a label that is corrected takes seconds.',
          ),
        })
          .default('sgd')
          .meta(inForm(l10n.t('How the classifier is found.'), { label: l10n.t('Solver') })),
        projection: z
          .int()
          .min(0)
          .max(65536)
          .default(1000)
          .meta(
            inForm(
              l10n.t(
                'Width of the random projections that the solver ridge works on; 0 takes the features themselves, which exports to every format.',
              ),
              { label: l10n.t('Projections'), needsRidge: true },
            ),
          ),
        hidden: z
          .int()
          .min(0)
          .max(65536)
          .default(0)
          .meta(
            inForm(
              l10n.t('Width of a hidden layer in the classifier, which makes it a small MLP; 0 keeps it linear.'),
              { label: l10n.t('Hidden width'), needsTraining: true },
            ),
          ),
        dropout: share().meta(
          inForm(l10n.t("Share of the inputs of the classifier's last layer dropped while training."), {
            label: l10n.t('Dropout'),
            isFolded: true,
            needsTraining: true,
          }),
        ),
      },
    ),
    partial: method(
      'partial',
      l10n.t(
        'Trains the last blocks and the classifier: it learns more than the head alone, and everything before needs no backward pass.',
      ),
      {
        blocks: z
          .int()
          .min(0)
          .max(512)
          .default(2)
          .meta(
            inForm(l10n.t('How many of the last blocks train, with the norm and the classifier after them.'), {
              label: l10n.t('Last blocks'),
            }),
          ),
        modules: z
          .array(z.string().min(1))
          .default([])
          .meta({
            ...inForm(
              l10n.t(
                'Other weights that train, by a part of their names between dots; * stands for anything within a part.',
              ),
              { label: l10n.t('Modules'), isFolded: true, empty: l10n.t('None') },
            ),
            examples: [['layernorm*'], ['layer.0', 'layer.1'], ['bias']],
          }),
      },
    ),
    adapter: method(
      'adapter',
      l10n.t(
        'Trains small bottleneck networks put into the frozen blocks: like LoRA a fraction of the weights, but the model stays a little slower.',
      ),
      {
        placement: choice({
          pfeiffer: l10n.t('One after the MLP of each block: half the parameters, mostly as good.'),
          houlsby: l10n.t('One after the attention and one after the MLP of each block.'),
        })
          .default('pfeiffer')
          .meta(inForm(l10n.t('Where in a block the bottlenecks are.'), { label: l10n.t('Placement') })),
        reductionFactor: z
          .number()
          .gte(1)
          .max(4096)
          .default(16)
          .meta(
            inForm(l10n.t("The model's width divided by the bottleneck's."), { label: l10n.t('Reduction factor') }),
          ),
        bottleneck: z
          .int()
          .min(1)
          .max(16384)
          .optional()
          .meta(
            inForm(l10n.t('Width of the bottleneck, instead of reductionFactor.'), {
              label: l10n.t('Bottleneck width'),
              isFolded: true,
              empty: l10n.t('By the factor'),
            }),
          ),
        activation: choice({ relu: 'max(x, 0)', gelu: 'x · Φ(x)', silu: 'x / (1 + e⁻ˣ)' })
          .default('relu')
          .meta(inForm(l10n.t('The function inside the bottleneck.'), { label: l10n.t('Activation'), isFolded: true })),
        dropout: share().meta(
          inForm(l10n.t("Share of the bottleneck's values dropped while training."), {
            label: l10n.t('Dropout'),
            isFolded: true,
          }),
        ),
      },
    ),
    lora: method(
      'lora',
      l10n.t(
        'Trains small low-rank matrices next to the frozen weights: close to full fine-tuning with a fraction of the memory and a small checkpoint.',
      ),
      loraOptions(),
    ),
    qlora: method(
      'qlora',
      l10n.t(
        'LoRA with weights stored in 4 or 8 bits: a large model in little memory, for somewhat slower steps and a small rounding error.',
      ),
      {
        ...loraOptions(),
        quantization: choice({
          nf4: l10n.t('4 bits on the scale of a normal distribution: an eighth of the memory of the frozen layers.'),
          int8: l10n.t('8-bit integers: a quarter of the memory, and hardly any rounding error.'),
        })
          .default('nf4')
          .meta(inForm(l10n.t('How the frozen linear layers are stored.'), { label: l10n.t('Quantization') })),
        blockSize: z
          .int()
          .min(16)
          .max(4096)
          .multipleOf(16)
          .default(64)
          .meta(
            inForm(l10n.t('How many numbers share a scale: fewer round less, and cost more memory for the scales.'), {
              label: l10n.t('Block size'),
              isFolded: true,
            }),
          ),
      },
    ),
    full: method(
      'full',
      l10n.t('Trains every weight: the most accurate with many images, but the slowest, with the largest checkpoint.'),
      {
        layerDecay: z
          .number()
          .gt(0)
          .max(1)
          .default(1)
          .meta(
            inForm(
              l10n.t(
                'Factor of the learning rate from each block to the one before it; 0.65 to 0.75 is usual, with a higher learning rate. 1 is none.',
              ),
              { label: l10n.t('Layer-wise decay') },
            ),
          ),
      },
    ),
  };
}

type MethodSchemas = ReturnType<typeof methodSchemas>;
export type MethodName = keyof MethodSchemas;

/** Any method with its options. */
export function methodObject() {
  type AnyMethod = MethodSchemas[MethodName];
  return z.discriminatedUnion('type', Object.values(methodSchemas()) as [AnyMethod, ...AnyMethod[]]);
}

/** A method with all its options, e.g. `{ type: 'lora', rank: 8, … }`. */
export type Method = { [Name in MethodName]: z.output<MethodSchemas[Name]> }[MethodName];

export const defaultMethod: MethodName = 'lora';

/** Whether a method learns by steps of the optimizer; the others know all they learn once the features are there. */
export const takesSteps = (method: Method): boolean =>
  method.type !== 'pretrained' && !(method.type === 'head' && method.solver === 'ridge');

/**
 * What `learningRate` is when the config does not say; for AdamW, and of the methods in `scaledByWidth` at that width.
 */
const defaultLearningRates: Record<Exclude<MethodName, 'pretrained'>, number> = {
  head: 3e-3,
  partial: 1e-4,
  adapter: 1e-3,
  lora: 1e-3,
  qlora: 1e-3,
  full: 5e-5,
};

/**
 * Where a model's own matrices train, the step that suits them falls with their width (Yang et al., 2022,
 * arXiv:2203.03466): what is usual at that of ViT-B is far too little for a small model.
 */
const scaledByWidth: readonly MethodName[] = ['partial', 'full'];
const usualWidth = 768;

/** The learning rate of a method where the config gives none, in a model of this width; 0 where nothing trains. */
export function defaultLearningRate(method: MethodName, width: number): number {
  if (method === 'pretrained') return 0;
  return defaultLearningRates[method] * (scaledByWidth.includes(method) ? usualWidth / width : 1);
}

export const trainingMethods = Object.keys(defaultLearningRates) as (keyof typeof defaultLearningRates)[];

/** The same in words for any width. */
export const learningRateWords = (method: Exclude<MethodName, 'pretrained'>): string =>
  scaledByWidth.includes(method)
    ? l10n.t('{0} × {1} / width', defaultLearningRates[method], usualWidth)
    : String(defaultLearningRates[method]);
