/** Errors of export, of adapters, and of the parity check of saved models. */
import { t } from './l10n.js';
import type { Parity } from '../protocol.js';
import { UserError } from './userError.js';

/** The images whose predictions changed, and how. */
const changedIn = ({ pictures, tolerance, changed }: Parity) =>
  t(
    '{0} of {1} images (a probability differs by more than {2}): {3}',
    changed.length,
    pictures,
    tolerance,
    changed
      .map(({ picture, was, is, difference }) => `${picture} (${was} → ${is}, ${difference.toPrecision(2)})`)
      .join('; '),
  );

export const interchange = {
  headMissing: (folder: string) =>
    new UserError(
      'HEAD_MISSING',
      t('The model has no classification head with labels, so it cannot name an image.'),
      t(
        'Fine-tune it first, or give the folder of a model with a head (id2label in config.json, weights of the classifier).',
      ),
      { file: folder },
    ),
  headSize: (file: string, classes: number, outputs: number) =>
    new UserError(
      'HEAD_SIZE',
      t('config.json gives the model {0} classes, but the head in its weights has {1} outputs.', classes, outputs),
      t('Correct id2label in config.json, or give the weights that belong to it.'),
      { file },
    ),
  adapterUnsupported: (file: string, what: string) =>
    new UserError(
      'ADAPTER_UNSUPPORTED',
      t('The adapter uses {0}, which ViTune does not know.', what),
      t('Merge it in Python (merge_and_unload) and save the whole model.'),
      {
        file,
      },
    ),
  adapterKindUnknown: (file: string, kind: string) =>
    new UserError(
      'ADAPTER_UNSUPPORTED',
      t('The adapter is of the kind {0}; ViTune reads LoRA only (rsLoRA, DoRA, PiSSA and OLoRA among it).', kind),
      t('Merge it in Python (merge_and_unload) and save the whole model.'),
      { file },
    ),
  adapterInitUnsupported: (file: string, init: string) =>
    new UserError(
      'ADAPTER_UNSUPPORTED',
      t('The adapter was initialised by {0}, which changes the base in a way that ViTune cannot repeat.', init),
      t(
        'In Python, save it as plain LoRA (save_pretrained with path_initial_model_for_weight_conversion), or merge it (merge_and_unload) and save the whole model.',
      ),
      { file },
    ),
  adapterPatternUnmatched: (file: string, field: string, key: string) =>
    new UserError(
      'ADAPTER_PATTERN_UNMATCHED',
      t('The key {1} of {0} matches no adapted layer.', field, key),
      t('Correct or remove it in adapter_config.json: the keys are regular expressions over the names of modules.'),
      { file },
    ),
  adapterNotTargeted: (file: string, module: string) =>
    new UserError(
      'ADAPTER_NOT_TARGETED',
      t('The adapter has weights for {0}, but adapter_config.json does not put an adapter there.', module),
      t('Correct target_modules in adapter_config.json, or save the adapter again in Python.'),
      { file },
    ),
  adapterHead: (file: string, classes: number, outputs: number) =>
    new UserError(
      'ADAPTER_HEAD',
      t(
        'The adapter changes a head of {0} classes that it does not hold, and the head of its base has {1}.',
        classes,
        outputs,
      ),
      t('Save the adapter again in Python with the head in modules_to_save, or merge it (merge_and_unload).'),
      { file },
    ),
  adapterRank: (file: string, module: string, found: number, expected: number) =>
    new UserError(
      'ADAPTER_RANK',
      t('The adapter of {0} has rank {1}; adapter_config.json says {2}.', module, found, expected),
      t('Correct r or rank_pattern in adapter_config.json, or save the adapter again in Python.'),
      { file },
    ),
  adapterNotOfBase: (file: string, weight: string) =>
    new UserError(
      'ADAPTER_NOT_OF_BASE',
      t(
        'The adapter belongs to another model than the one that adapter_config.json names: its {0} does not fit.',
        weight,
      ),
      t('Correct base_model_name_or_path in adapter_config.json.'),
      { file },
    ),
  adapterOfTimm: (file: string, weight: string) =>
    new UserError(
      'ADAPTER_OF_TIMM',
      t(
        'The adapter was trained on a network of timm: {0}. ViTune reads adapters of the classes of transformers.',
        weight,
      ),
      t('In Python, fold it into the model with merge_and_unload() and save the whole model.'),
      { file },
    ),
  exportCropsOtherwise: (folder: string) =>
    new UserError(
      'EXPORT_CROPS_OTHERWISE',
      t(
        'The middle of an image is cut as timm cuts it; the image processors of transformers may cut one pixel to the side, and then probabilities differ a little.',
      ),
      t('For equal probabilities in Python, prepare the images with timm.'),
      { file: folder },
    ),
  exportTargetTaken: (folder: string) =>
    new UserError(
      'EXPORT_TARGET_TAKEN',
      t('{0} already exists; an export overwrites nothing.', folder),
      t('Name a folder that is new or empty.'),
      {
        file: folder,
      },
    ),
  exportImpossible: (format: string, method: string, others: readonly string[]) =>
    new UserError(
      'EXPORT_IMPOSSIBLE',
      t('A model fine-tuned by the method {0} cannot be written as {1}.', method, format),
      t('Choose another format: {0}.', others.join(', ')),
    ),
  exportNotForPeft: (family: string) =>
    new UserError(
      'EXPORT_IMPOSSIBLE',
      t('An adapter for a model of {0} cannot be written as peft: query, key and value are one layer there.', family),
      t('Choose another format: {0}.', 'transformers, onnx'),
    ),
  notExported: (error: UserError) =>
    new UserError(
      'NOT_EXPORTED',
      error.said.message,
      t('Free some space, allow writing to the folder, or choose another one.'),
      error.place,
    ),
  predictionsChanged: (what: string, parity: Parity) =>
    new UserError(
      'ANSWERS_CHANGED',
      t('Exported as {0}, the model predicts differently from the checkpoint: {1}', what, changedIn(parity)),
      t('Nothing was kept. Try again; if it happens twice, report it with the log.'),
    ),
  predictionsFar: (precision: string, parity: Parity) =>
    new UserError(
      'PRECISION_ANSWERS_FAR',
      t('In {0} the model is too far from the checkpoint: {1}', precision, changedIn(parity)),
      t('Nothing was kept. Choose a wider precision, or a smaller --max-loss.'),
    ),
  savedPredictionsChanged: (checkpoint: string, parity: Parity) =>
    new UserError(
      'SAVED_ANSWERS_CHANGED',
      t('The saved checkpoint predicts differently from the model in training: {0}', changedIn(parity)),
      t('Check the disk and the model folder, then train again; if it happens twice, report it with the log.'),
      { file: checkpoint },
    ),
  freshProcessDied: (model: string, reason: string) =>
    new UserError(
      'NOT_COMPARED',
      t('The saved model could not be checked in a separate process: {0}', reason),
      t('Free some memory and try again.'),
      {
        file: model,
      },
    ),
};
