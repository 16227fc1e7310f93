/** The fine-tuning methods a config can name, one entry each: options with defaults, the trade-off in one sentence, the usual learning rate. */
import * as l10n from '@vscode/l10n';
import { z } from 'zod';

function method<Name extends string, Options extends z.core.$ZodShape>(name: Name, tradeOff: string, options: Options) {
  return z.strictObject({ type: z.literal(name).describe(tradeOff), ...options }).describe(tradeOff);
}

/** The schema of each method's object form; its description is the trade-off that completion shows. A new method is a new entry here. */
export function methodSchemas() {
  return {
    head: method('head', l10n.t('Trains only the classifier on top: seconds an epoch, enough when the pictures resemble those the model knows.'), {
      dropout: z.number().gte(0).lt(1).default(0).describe(l10n.t('Share of the features dropped before the classifier while training.')),
    }),
    lora: method(
      'lora',
      l10n.t('Trains small low-rank matrices beside the frozen weights: close to full fine-tuning with a fraction of the memory and a small checkpoint.'),
      {
        rank: z.int().min(1).max(1024).default(8).describe(l10n.t('Rank of the update matrices: more can learn more, and costs more.')),
        alpha: z.number().gt(0).max(65536).default(16).describe(l10n.t('Strength of the update: it is scaled by alpha / rank.')),
        dropout: z.number().gte(0).lt(1).default(0).describe(l10n.t("Share of the adapter's inputs dropped while training.")),
        targetModules: z
          .array(z.string().min(1))
          .min(1)
          .default(['query', 'value'])
          .meta({
            description: l10n.t('The linear layers that get an adapter, by the end of their names; "all-linear" means each but the classifier.'),
            examples: [['query', 'value'], ['query', 'key', 'value'], ['all-linear']],
          }),
      },
    ),
    full: method('full', l10n.t('Trains every weight: the most able with many pictures, the slowest, and the largest checkpoint.'), {}),
  };
}

type MethodSchemas = ReturnType<typeof methodSchemas>;
export type MethodName = keyof MethodSchemas;
/** A method with all its options, e.g. `{ type: 'lora', rank: 8, … }`. */
export type Method = { [Name in MethodName]: z.output<MethodSchemas[Name]> }[MethodName];

export const defaultMethod: MethodName = 'lora';

/** What `learningRate` is when the config does not say; for AdamW. */
export const defaultLearningRates: Record<MethodName, number> = { head: 1e-3, lora: 1e-3, full: 5e-5 };
