/** Errors of base models: their folders, configs and weights. */
import { basename } from 'node:path';
import { t } from './l10n.js';
import { type Place, UserError } from './userError.js';

/** The first names of a list. */
export const shortList = (names: readonly string[]): string =>
  names.length > 5 ? `${names.slice(0, 5).join(', ')}, …` : names.join(', ');

export const models = {
  modelNotFound: (model: string, place: Place) =>
    new UserError(
      'MODEL_NOT_FOUND',
      t('There is no model folder {0}.', model),
      t('Give "embedded", a folder in Hugging Face format with config.json and model.safetensors, or an ONNX file.'),
      place,
    ),
  modelNotCached: (model: string, cache: string, place: Place) =>
    new UserError(
      'MODEL_NOT_CACHED',
      t('There is no folder {0}, and no model of that name in the cache of Hugging Face, {1}.', model, cache),
      t('Download it (vitune download {0}), or give a folder with config.json and model.safetensors.', model),
      place,
    ),
  modelConfigInvalid: (file: string, field: string, expected: string) =>
    new UserError(
      'MODEL_CONFIG_INVALID',
      t('{0} in the config of the model must be {1}.', field, expected),
      t('Download the model again, or correct the file.'),
      {
        file,
      },
    ),
  architectureUnknown: (file: string, architecture: string, known: readonly string[]) =>
    new UserError(
      'ARCHITECTURE_UNKNOWN',
      t('The architecture {0} is not one that ViTune knows.', architecture),
      t('Choose a model of one of these architectures: {0}.', known.join(', ')),
      { file },
    ),
  remoteCode: (file: string, architecture: string) =>
    new UserError(
      'MODEL_NEEDS_CODE',
      t(
        '{0} is defined by code that comes with the model (auto_map in config.json), which ViTune does not run.',
        architecture,
      ),
      t('Choose another model, for example one of the Recommended Models, or give an ONNX file of this one.'),
      { file },
    ),
  timmArgumentUnknown: (file: string, architecture: string, argument: string) =>
    new UserError(
      'ARCHITECTURE_UNKNOWN',
      t('ViTune does not compute what timm gives {0} as {1}.', architecture, argument),
      t('Choose another model, for example one of the Recommended Models.'),
      { file },
    ),
  headRenewed: (model: string, labels: readonly string[]) =>
    new UserError(
      'HEAD_RENEWED',
      labels.length
        ? t('The head of {0} is for other classes ({1}), so training starts with a new one.', model, shortList(labels))
        : t('The head of {0} does not name its classes, so training starts with a new one.', model),
      t('To continue with its head, give the classes of the dataset the names that id2label in its config.json has.'),
    ),
  weightMissing: (file: string, name: string) =>
    new UserError(
      'MODEL_WEIGHT_MISSING',
      t('The weights lack {0}.', name),
      t('Check that config.json and the weights are of the same model.'),
      { file },
    ),
  weightTwice: (file: string, name: string) =>
    new UserError(
      'MODEL_WEIGHT_TWICE',
      t('The weights have {0} under two names.', name),
      t('Remove one of both in Python, or save the model again with save_pretrained.'),
      { file },
    ),
  weightShape: (file: string, name: string, found: readonly number[], expected: readonly number[]) =>
    new UserError(
      'MODEL_WEIGHT_SHAPE',
      t(
        'The weight {0} has the shape [{1}]; the config of the model requires [{2}].',
        name,
        found.join(', '),
        expected.join(', '),
      ),
      t('Check that config.json and the weights are of the same model.'),
      { file },
    ),
  imageSizeInvalid: (size: number, patch: number, place: Place) =>
    new UserError(
      'IMAGE_SIZE_INVALID',
      t('The image size {0} is not a multiple of the patch size {1} of the model.', size, patch),
      t('Choose a multiple of {0}.', patch),
      place,
    ),
  preprocessorAssumed: (file: string, family: string) =>
    new UserError(
      'PREPROCESSOR_ASSUMED',
      t(
        'The model has no preprocessor_config.json; images are prepared as published models of the family {0} do.',
        family,
      ),
      t('If it was trained otherwise, put its preprocessor_config.json there.'),
      { file },
    ),
  timmPreprocessorAssumed: (file: string) =>
    new UserError(
      'PREPROCESSOR_ASSUMED',
      t(
        "config.json has no pretrained_cfg; images are prepared with timm's defaults (87.5 % of the image, mean and deviation of ImageNet).",
      ),
      t('If it was trained otherwise, copy pretrained_cfg from the config.json of the original model.'),
      { file },
    ),
  preprocessorDefaults: (file: string, fields: readonly string[], name: string) =>
    new UserError(
      'PREPROCESSOR_DEFAULTS',
      t(
        'The preprocessor file leaves out {0}; transformers 4 and 5 differ on that for {1}. ViTune uses the values of transformers 4.',
        fields.join(', '),
        name,
      ),
      t('Write the values with which the model was trained into the file.'),
      { file },
    ),
  preprocessorUnnamed: (file: string, fields: readonly string[]) =>
    new UserError(
      'PREPROCESSOR_UNNAMED',
      t("The preprocessor file names no class and leaves out {0}; ViTune uses the values of ViT's.", fields.join(', ')),
      t('Write the values with which the model was trained into the file, or its image_processor_type.'),
      { file },
    ),
  preprocessorsDiffer: (file: string, other: string) =>
    new UserError(
      'PREPROCESSORS_DIFFER',
      t('{0} and {1} say different things about how images are prepared.', basename(file), basename(other)),
      t('Remove the file that does not belong to the model; transformers 5 reads {0} first.', basename(other)),
      { file },
    ),
  preprocessorSize: (file: string, side: number, imageSize: number) =>
    new UserError(
      'PREPROCESSOR_SIZE',
      t(
        'Images are prepared at {0} pixels, as the preprocessor file says, not at the {1} of config.json; positions are interpolated.',
        side,
        imageSize,
      ),
      t('To use another size, set "imageSize".'),
      { file },
    ),
  preprocessorShape: (file: string, width: number, height: number) =>
    new UserError(
      'PREPROCESSOR_SHAPE',
      t('The preprocessor file prepares images of {0} x {1} pixels; the model takes squares only.', width, height),
      t('Use the preprocessor_config.json that belongs to the model, or correct the value.'),
      { file },
    ),
  preprocessorFlipped: (file: string) =>
    new UserError(
      'PREPROCESSOR_FLIPPED',
      t('The preprocessor file swaps red and blue (do_flip_channel_order), which ViTune applies to ONNX files only.'),
      t('Use the preprocessor_config.json that belongs to the model, or correct the value.'),
      { file },
    ),
  preprocessorInvalid: (file: string, field: string, reason: string) =>
    new UserError(
      'PREPROCESSOR_INVALID',
      field
        ? t('The preprocessor file has a wrong value in {0}: {1}', field, reason)
        : t('The preprocessor file cannot be used: {0}', reason),
      t('Use the preprocessor_config.json that belongs to the model, or correct the value.'),
      { file },
    ),

  fileUnreadable: (file: string, reason: string) =>
    new UserError(
      'FILE_UNREADABLE',
      t('This file cannot be read: {0}', reason),
      t('Check that it exists and that you may read it.'),
      { file },
    ),
  weightsMissing: (folder: string, names: string[]) =>
    new UserError(
      'MODEL_WEIGHTS_MISSING',
      t('The model folder holds no weights: looked for {0}.', names.join(', ')),
      t('Give a folder in Hugging Face format with config.json and model.safetensors.'),
      { file: folder },
    ),
  weightsArePickle: (file: string) =>
    new UserError(
      'MODEL_WEIGHTS_PICKLE',
      t('The model has its weights in a pickle file only. Pickle files can run code, so ViTune does not read them.'),
      t(
        'Download model.safetensors of the same model, or convert once in Python: AutoModel.from_pretrained(FOLDER).save_pretrained(FOLDER, safe_serialization=True).',
      ),
      { file },
    ),
  shardMissing: (file: string, shard: string) =>
    new UserError(
      'MODEL_SHARD_MISSING',
      t('The index names the file {0}, which does not exist.', shard),
      t('Download the missing file into the same folder.'),
      {
        file,
      },
    ),
  beyondHalf: (file: string, tensor: string, value: number) =>
    new UserError(
      'WEIGHTS_BEYOND_F16',
      t('The tensor {0} holds {1}, more than fp16 can hold (65504).', tensor, value),
      t('Save it in fp32.'),
      {
        file,
      },
    ),
};
