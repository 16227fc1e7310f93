/** Errors of methods and losses that do not fit the model or the labels. */
import { t } from './l10n.js';
import { type Place, UserError } from './userError.js';

export const methods = {
  targetModulesUnmatched: (targets: readonly string[], known: readonly string[], place: Place) =>
    new UserError(
      'TARGET_MODULES_UNMATCHED',
      t('No linear layer of the model is named {0}.', targets.join(', ')),
      t('Names that exist: {0}.', known.join(', ')),
      place,
    ),
  rankTooLarge: (rank: number, layer: string, width: number, place: Place) =>
    new UserError(
      'LORA_RANK_TOO_LARGE',
      t('The rank {0} is above the width {2} of the layer {1}.', rank, layer, width),
      t('Choose a rank of at most {0}.', width),
      place,
    ),
  targetModulesOutsideLayers: (targets: readonly string[], layers: readonly number[], place: Place) =>
    new UserError(
      'TARGET_MODULES_UNMATCHED',
      t('No linear layer named {0} lies in the blocks {1}.', targets.join(', '), layers.join(', ')),
      t('Name layers of these blocks, or leave out layersToTransform.'),
      place,
    ),
  layerOutOfRange: (layer: number, blocks: number, place: Place) =>
    new UserError(
      'LAYER_OUT_OF_RANGE',
      t('The model has no block {0}.', layer),
      t('It has {0} blocks, which are counted from 0 to {1}.', blocks, blocks - 1),
      place,
    ),
  blocksTooMany: (blocks: number, there: number, place: Place) =>
    new UserError(
      'BLOCKS_TOO_MANY',
      t('The last {0} blocks should train, but the model has {1}.', blocks, there),
      t('Choose at most {0}; to train everything, use the method "full".', there),
      place,
    ),
  modulesUnmatched: (patterns: readonly string[], known: readonly string[], place: Place) =>
    new UserError(
      'MODULES_UNMATCHED',
      t('No weight name of the model matches {0}.', patterns.join(', ')),
      t('Parts of names that exist: {0}.', known.join(', ')),
      place,
    ),
  bottleneckTooWide: (bottleneck: number, width: number, place: Place) =>
    new UserError(
      'BOTTLENECK_TOO_WIDE',
      t("The bottleneck {0} is above the model's width {1}.", bottleneck, width),
      t('Choose a bottleneck of at most {0}; a sixteenth of the width is usual.', width),
      place,
    ),
  patchDropoutUnavailable: (family: string, place: Place) =>
    new UserError(
      'PATCH_DROPOUT_UNAVAILABLE',
      t('patchDropout is not available for the model family {0}.', family),
      t('Remove patchDropout: all patches are then trained on.'),
      place,
    ),
  neighborsNeedOneLabel: (place: Place) =>
    new UserError(
      'NEIGHBORS_NEED_ONE_LABEL',
      t(
        'The method pretrained predicts one label per image, but this dataset has several tasks or several labels per image.',
      ),
      t('Choose another method, or name one column with one label in each row.'),
      place,
    ),
  classWeightsCount: (given: number, labels: readonly string[], place: Place) =>
    new UserError(
      'CLASS_WEIGHTS_COUNT',
      t('There are {0} class weights, but {1} labels.', given, labels.length),
      t('Give one for each label, in this order: {0}.', labels.join(', ')),
      place,
    ),
  classWeightsLabel: (label: string, labels: readonly string[], place: Place) =>
    new UserError(
      'CLASS_WEIGHTS_LABEL',
      t('There is a class weight for {0}, which is not a label.', label),
      t('Labels that exist: {0}.', labels.join(', ')),
      place,
    ),
};
