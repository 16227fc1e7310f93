/** Errors and notices of exports in fewer bits. */
import { t } from './l10n.js';
import { gigabytes, UserError } from './userError.js';

export const quantization = {
  formatHasNone: (format: string) =>
    new UserError(
      'PRECISION_OF_FORMAT',
      t('An export as {0} has no precision to choose: its weights are those of the checkpoint.', format),
      t('Leave out --precision, or choose --format onnx.'),
    ),
  onnxBackbone: (model: string) =>
    new UserError(
      'PRECISION_OF_ONNX_BACKBONE',
      t('The network comes from an ONNX file, whose layers ViTune does not change: it is exported in fp32 only.'),
      t("Export it with --precision fp32, and quantise the file with ONNX Runtime's tools in Python."),
      { file: model },
    ),
  noLayers: (model: string) =>
    new UserError(
      'PRECISION_NO_LAYERS',
      t('The model has no layer that is large enough to be stored in fewer bits.'),
      t('Export it with --precision fp32.'),
      { file: model },
    ),
  noDataset: (folder: string) =>
    new UserError(
      'PRECISION_NO_IMAGES',
      t(
        'A precision is chosen by labelled images, and the images that this model was trained on are not known or not there.',
      ),
      t('Name images that it was not trained on: --dataset FOLDER.'),
      { file: folder },
    ),
  noImages: (dataset: string) =>
    new UserError(
      'PRECISION_NO_IMAGES',
      t('{0} has no labelled image that can be read and that the model was not trained on.', dataset),
      t('Name images that it was not trained on: --dataset FOLDER.'),
      { file: dataset },
    ),
  tooLarge: (bytes: number) =>
    new UserError(
      'PRECISION_TOO_LARGE',
      t('The model takes {0} GB in fp32; at most 1.5 can be stored in fewer bits.', gigabytes(bytes)),
      t('Export it in fp32, or fine-tune a smaller model.'),
    ),
};
