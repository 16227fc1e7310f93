/** Errors and notices of ONNX files as frozen bodies. */
import { t } from './l10n.js';
import { gigabytes, type Place, UserError } from './userError.js';

export const onnx = {
  damaged: (file: string, reason: string) =>
    new UserError(
      'ONNX_DAMAGED',
      t('{0} is not an ONNX file, or it is damaged: {1}.', file, reason),
      t('Download or export it again.'),
      { file },
    ),
  tooLarge: (file: string, bytes: number) =>
    new UserError(
      'ONNX_TOO_LARGE',
      t('The ONNX model {0} takes {1} GB; at most 2 can be used.', file, gigabytes(bytes)),
      t('Export it in half precision, or use a smaller model.'),
      {
        file,
      },
    ),
  externalUnusable: (file: string, location: string, reason: string) =>
    new UserError(
      'ONNX_WEIGHTS_UNUSABLE',
      t('The external weights {0} of the ONNX file cannot be used: {1}.', location, reason),
      t('Put the file of the weights into the folder of the model, as it was exported.'),
      { file },
    ),
  opsetTooOld: (file: string, opset: number, minOpset: number) =>
    new UserError(
      'ONNX_OPSET_TOO_OLD',
      t('The ONNX file has operator set {0}; at least {1} is needed.', opset, minOpset),
      t('Export it again with a newer operator set, or convert it with onnx.version_converter in Python.'),
      { file },
    ),
  inputUnfit: (file: string, found: string) =>
    new UserError(
      'ONNX_INPUT_UNFIT',
      t('The ONNX file has no single input that takes images; it has: {0}.', found),
      t(
        'Export it with one input [batch, 3, height, width] or [batch, height, width, 3] of floating-point numbers or bytes.',
      ),
      { file },
    ),
  outputUnknown: (name: string, known: readonly string[], place: Place) =>
    new UserError(
      'ONNX_OUTPUT_UNKNOWN',
      t('The ONNX file has no tensor {0}.', name),
      t(
        'Name its features in "featureOutput", or leave that out. The outputs and last tensors are: {0}.',
        known.join(', '),
      ),
      place,
    ),
  outputUnfit: (name: string, shape: readonly number[], known: readonly string[], place: Place) =>
    new UserError(
      'ONNX_OUTPUT_UNFIT',
      t(
        'The tensor {0} of the ONNX file is [{1}] for two images; expected one feature vector per image.',
        name,
        shape.join(', '),
      ),
      t(
        'Name a tensor [batch, width], [batch, tokens, width] or [batch, channels, height, width] in "featureOutput". The outputs and last tensors are: {0}.',
        known.join(', '),
      ),
      place,
    ),
  batchFixed: (file: string, batch: number) =>
    new UserError(
      'ONNX_BATCH_FIXED',
      t('The ONNX file takes only {0} images at once.', batch),
      t('Export it with an open batch, or for one image.'),
      {
        file,
      },
    ),
  imageSizeFixed: (size: number, height: number, width: number, place: Place) =>
    new UserError(
      'ONNX_IMAGE_SIZE_FIXED',
      t('The image size {0} does not fit: the ONNX file takes images of {1} x {2}.', size, height, width),
      t('Leave "imageSize" out, or export the model for that size.'),
      place,
    ),
  notRunnable: (file: string, reason: string) =>
    new UserError(
      'ONNX_NOT_RUNNABLE',
      t('ONNX Runtime cannot run the model: {0}', reason),
      t('Try another "imageSize" or "featureOutput", or export the model again.'),
      { file },
    ),
  notOnDevice: (device: string, reason: string) =>
    new UserError(
      'ONNX_NOT_ON_DEVICE',
      t('The network from the ONNX file cannot run on {0}: {1}', device, reason),
      t('Set "device" to "cpu".'),
    ),
  headOnly: (method: string, place: Place) =>
    new UserError(
      'ONNX_HEAD_ONLY',
      t('The method {0} trains inside the network, but a network from an ONNX file stays frozen.', method),
      t('Choose the method "head" or "pretrained", or a model in Hugging Face format.'),
      place,
    ),
  noRandomWeights: (place: Place) =>
    new UserError(
      'ONNX_NO_RANDOM_WEIGHTS',
      t('A network from an ONNX file cannot start from random weights.'),
      t('Remove "init", or choose a model in Hugging Face format.'),
      place,
    ),
  featureOutputUnused: (place: Place) =>
    new UserError(
      'FEATURE_OUTPUT_UNUSED',
      t('"featureOutput" names a tensor of an ONNX file, but the model is not an ONNX file.'),
      t('Remove "featureOutput", or name an ONNX file in "model".'),
      place,
    ),
  exportImpossible: (format: string) =>
    new UserError(
      'EXPORT_IMPOSSIBLE',
      t('A model whose body is an ONNX file cannot be written as {0}.', format),
      t('Choose another format: {0}.', 'onnx'),
    ),
  /** Notices of a run. */
  featuresChosen: (
    file: string,
    name: string,
    shape: readonly (number | string)[],
    derivation: string,
    others: readonly string[],
  ) =>
    new UserError(
      'ONNX_FEATURES',
      t('Features are the tensor {0} [{1}]: {2}.', name, shape.join(', '), derivation),
      t('To use another one, name it in "featureOutput". The outputs and last tensors are: {0}.', others.join(', ')),
      { file },
    ),
  sizeFixed: (file: string, height: number, width: number, own: string) =>
    new UserError(
      'ONNX_SIZE',
      t(
        'The file next to it prepares images of {0} pixels, but the ONNX file takes {1} x {2} only: that is used.',
        own,
        width,
        height,
      ),
      t('Check that the preprocessor file belongs to the ONNX file.'),
      { file },
    ),
  normalisationAssumed: (file: string) =>
    new UserError(
      'ONNX_NORMALISATION',
      t(
        "No file next to the ONNX file gives the normalisation of images: that of torchvision's models is used (ImageNet's mean and deviation).",
      ),
      t('If it was trained differently, put its preprocessor_config.json next to the file.'),
      { file },
    ),
};
