/** The key `tests` of a config, and the schema of a file `*.vitune-test.json`: what must hold of a model. */
import * as l10n from '@vscode/l10n';
import * as z from 'zod';
import { choice } from './choice.js';

const path = () => z.string().min(1);
const accuracy = () => z.number().gt(0).max(1);
const maxMegabytes = () =>
  z
    .number()
    .gt(0)
    .optional()
    .describe(l10n.t('The most that all files of the folder may take together, in MB (1,000,000 bytes).'));
const maxMilliseconds = () =>
  z
    .number()
    .gt(0)
    .optional()
    .describe(
      l10n.t('The most that one image may take from its file to the answer on the CPU: the median of several.'),
    );

/** How many images are compared with an export where the file does not say. */
export const usualImages = 64;

export const testsSchema = () =>
  z
    .strictObject({
      images: choice({
        heldOut: l10n.t('Those that the run was not trained on.'),
        validation: l10n.t('The validation images of the run.'),
        test: l10n.t('The test images of the run.'),
        all: l10n.t('All, also those that the run was trained on.'),
      })
        .optional()
        .describe(l10n.t('The images of the dataset that count; without it, heldOut.')),
      accuracy: accuracy().optional().describe(l10n.t('The least share of the images that must be right, e.g. 0.9.')),
      classAccuracy: z
        .record(z.string(), accuracy())
        .optional()
        .describe(l10n.t('By class: the least share of its images that must be right.')),
      right: z
        .record(z.string().min(1), z.string().min(1))
        .optional()
        .describe(l10n.t('Images that must be right, each with its label.')),
      unknown: z.array(path()).min(1).optional().describe(l10n.t('Images that the model must answer as unknown.')),
      maxMegabytes: maxMegabytes(),
      maxMilliseconds: maxMilliseconds(),
      export: z
        .strictObject({
          folder: path().describe(l10n.t('The folder of the export.')),
          sameAnswers: z
            .boolean()
            .optional()
            .describe(l10n.t('Whether it must give each image the label that the checkpoint gives it.')),
          maxDifference: z
            .number()
            .gt(0)
            .lt(1)
            .optional()
            .describe(l10n.t('The most by which a probability may differ from that of the checkpoint, e.g. 0.001.')),
          images: z
            .int()
            .min(1)
            .max(100_000)
            .optional()
            .describe(l10n.t('How many images are compared, evenly spread; without it, {0}.', usualImages)),
          maxMegabytes: maxMegabytes(),
          maxMilliseconds: maxMilliseconds(),
        })
        .optional()
        .describe(l10n.t('An export that must answer as the checkpoint does.')),
    })
    .describe(l10n.t('What must hold of the model.'));

export type Tests = z.output<ReturnType<typeof testsSchema>>;

/** The schema of a test file in the language that `@vscode/l10n` is set to at the time of the call. */
export const testFileSchema = () =>
  z
    .strictObject({
      $schema: z.string().optional().describe(l10n.t('The JSON Schema of this file, for editors.')),
      checkpoint: path().describe(
        l10n.t(
          'The run, whose best checkpoint is tested, or the folder of a checkpoint, adapter, model or ONNX export.',
        ),
      ),
      dataset: path()
        .optional()
        .describe(l10n.t("A folder of labelled images, a label file, or hub:owner/name. Without it, the run's own.")),
      tests: testsSchema(),
    })
    .describe(l10n.t('What must hold of a model. Paths are relative to this file.'));

/** The tests with their paths made absolute. */
export function absoluteTests(tests: Tests, absolute: (path: string) => string): Tests {
  const { right, unknown, export: exported } = tests;
  return {
    ...tests,
    ...(right && {
      right: Object.fromEntries(Object.entries(right).map(([image, label]) => [absolute(image), label])),
    }),
    ...(unknown && { unknown: unknown.map(absolute) }),
    ...(exported && { export: { ...exported, folder: absolute(exported.folder) } }),
  };
}
