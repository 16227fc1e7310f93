/** UserError and the named factories of everything a person can get wrong: code, plain words, remedy, place. */
import { t } from '@vscode/l10n';
import type { ErrorInfo, Parity } from './protocol.js';

/** Where in a file the fault lies; `line` and `column` count from 1. */
export interface Place {
  file?: string;
  line?: number;
  column?: number;
}

/** A fault of the input or the machine, not of this program: shown to the person as it is, without a stack. */
export class UserError extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly remedy: string,
    readonly place: Place = {},
  ) {
    super(message);
    this.name = 'UserError';
  }

  toInfo(): ErrorInfo {
    return { code: this.code, message: this.message, remedy: this.remedy, ...this.place };
  }
}

/** The words of whatever was thrown, for use inside another message. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** What is told of whatever was thrown: a `UserError` as it is; a bug with what is needed to report it. */
export function infoOf(error: unknown): ErrorInfo {
  if (error instanceof UserError) return error.toInfo();
  return { code: 'BUG', message: reasonOf(error), remedy: error instanceof Error ? (error.stack ?? '') : '' };
}

const damaged = (code: string, file: string, message: string) =>
  new UserError(`SAFETENSORS_${code}`, message, t('The file is damaged or no safetensors file. Download or export it again.'), { file });

const gigabytes = (bytes: number) => (bytes / 1e9).toFixed(1);

const ofOption = (option: string | undefined, message: string) => (option === undefined ? message : `--set ${option}: ${message}`);

/** Which pictures are answered otherwise, and how. */
const changedIn = ({ pictures, tolerance, changed }: Parity) =>
  t(
    '{0} of {1} pictures (a probability differs by more than {2}): {3}',
    changed.length,
    pictures,
    tolerance,
    changed.map(({ picture, was, is, difference }) => `${picture} (${was} → ${is}, ${difference.toPrecision(2)})`).join('; '),
  );

export const errors = {
  // --- images -------------------------------------------------------------------------------------------------
  imageUnreadable: (file: string, reason: string) =>
    new UserError('IMAGE_UNREADABLE', t('This file cannot be read as a picture: {0}', reason), t('Replace it or remove it from the folder.'), { file }),
  imageFormatUnsupported: (file: string, format: string) =>
    new UserError('IMAGE_FORMAT_UNSUPPORTED', t('The picture format {0} is not supported.', format), t('Save the picture as JPEG or PNG.'), { file }),
  imageLost: (file: string) =>
    new UserError(
      'IMAGE_LOST',
      t('This picture could be read when the run began and cannot be read any more.'),
      t('Put the picture back and resume the run; do not change the dataset while it is in use.'),
      { file },
    ),

  // --- datasets -----------------------------------------------------------------------------------------------
  datasetMissing: (folder: string) =>
    new UserError('DATASET_MISSING', t('The dataset folder {0} does not exist.', folder), t('Check the path, or choose another folder.'), { file: folder }),
  datasetNotFolder: (file: string) =>
    new UserError('DATASET_NOT_FOLDER', t('{0} is a file, but a dataset is a folder.', file), t('Choose the folder that holds one folder for each class.'), {
      file,
    }),
  folderUnreadable: (folder: string) =>
    new UserError('FOLDER_UNREADABLE', t('The folder {0} may not be read.', folder), t('Allow reading it, or choose another folder.'), { file: folder }),
  datasetEmpty: (folder: string, unsupported: number) =>
    new UserError(
      'DATASET_EMPTY',
      unsupported > 0
        ? t('There is no picture to train on in {0}: its {1} pictures have formats that are not supported.', folder, unsupported)
        : t('There is no picture to train on in {0}.', folder),
      unsupported > 0 ? t('Save the pictures as JPEG or PNG.') : t('Put the pictures of each class into a folder of its own, named after the class.'),
      { file: folder },
    ),
  datasetFlat: (folder: string, pictures: number) =>
    new UserError(
      'DATASET_FLAT',
      t('The {0} pictures in {1} are not sorted into classes.', pictures, folder),
      t('Put the pictures of each class into a folder of its own, named after the class.'),
      { file: folder },
    ),
  datasetOneClass: (folder: string, label: string) =>
    new UserError(
      'DATASET_ONE_CLASS',
      t('The dataset has only one class, {0}; at least two are needed.', label),
      t('Add a folder with pictures of another class. If the classes are folders inside {0}, choose that folder as the dataset.', label),
      { file: folder },
    ),
  splitTwice: (folder: string, one: string, other: string) =>
    new UserError('SPLIT_TWICE', t('The folders {0} and {1} mean the same split.', one, other), t('Keep one of them.'), { file: folder }),
  splitTrainMissing: (folder: string) =>
    new UserError(
      'SPLIT_TRAIN_MISSING',
      t('The dataset {0} has folders for validation or test, but none for training.', folder),
      t('Add a folder named train with one folder for each class.'),
      { file: folder },
    ),
  classUnknownToTraining: (folder: string, label: string) =>
    new UserError(
      'CLASS_UNKNOWN_TO_TRAINING',
      t('The class {0} is in {1}, but there are no training pictures of it.', label, folder),
      t('Add training pictures of {0}, correct the name of the folder, or remove it.', label),
      { file: folder },
    ),
  classUnknownToModel: (folder: string, label: string) =>
    new UserError(
      'CLASS_UNKNOWN_TO_MODEL',
      t('The class {0} is in {1}, but the model was not trained on it.', label, folder),
      t('Correct the name of the folder, remove it, or train a new model.'),
      { file: folder },
    ),
  classLost: (label: string, folder: string) =>
    new UserError('CLASS_LOST', t('No training picture of the class {0} can be read.', label), t('Replace the pictures of {0}, or remove the class.', label), {
      file: folder,
    }),
  noReadableImages: (folder: string) =>
    new UserError('NO_READABLE_IMAGES', t('None of the pictures in {0} can be read.', folder), t('Replace the pictures, or choose another folder.'), {
      file: folder,
    }),

  // Problems of a dataset that do not stop a run.
  classTwice: (folder: string, label: string) =>
    new UserError(
      'CLASS_TWICE',
      t('Two folders have the name {0}, written with different Unicode characters; they count as one class.', label),
      t('Move the pictures into one of the folders.'),
      { file: folder },
    ),
  classEmpty: (folder: string, label: string) =>
    new UserError('CLASS_EMPTY', t('The folder {0} holds no picture and is left out.', label), t('Add pictures to it, or remove it.'), { file: folder }),
  classOneImage: (label: string, file: string) =>
    new UserError('CLASS_ONE_IMAGE', t('The class {0} has one training picture.', label), t('Add pictures of it, ten or more.'), { file }),
  imagesOutsideClasses: (folder: string, pictures: number) =>
    new UserError(
      'IMAGES_OUTSIDE_CLASSES',
      t('{0} pictures in {1} lie beside the class folders and are left out.', pictures, folder),
      t('Move them into the folder of their class.'),
      { file: folder },
    ),
  folderBesideSplits: (folder: string) =>
    new UserError('FOLDER_BESIDE_SPLITS', t('{0} is no split and is left out.', folder), t('Move it into the train folder if it is a class.'), {
      file: folder,
    }),
  splitEmpty: (folder: string) =>
    new UserError(
      'SPLIT_EMPTY',
      t('The folder {0} holds no picture; validation pictures are taken from the training pictures instead.', folder),
      t('Add pictures to it, or remove it.'),
      { file: folder },
    ),
  imageTiny: (file: string, width: number, height: number) =>
    new UserError('IMAGE_TINY', t('The picture has only {0} x {1} pixels.', width, height), t('Replace it by a larger one, if there is one.'), { file }),
  imageEndingWrong: (file: string, named: string, format: string) =>
    new UserError(
      'IMAGE_ENDING_WRONG',
      t('The name says {0}, but the content is {1}. The picture is read all the same.', named, format),
      t('Rename the file if other programs refuse it.'),
      { file },
    ),
  duplicateAcrossClasses: (file: string, other: string, label: string, otherLabel: string) =>
    new UserError(
      'DUPLICATE_ACROSS_CLASSES',
      t('The same picture is in the class {0} and, as {1}, in the class {2}.', label, other, otherLabel),
      t('Keep it in the class that is right.'),
      { file },
    ),
  duplicateAcrossSplits: (file: string, other: string, split: string, otherSplit: string) =>
    new UserError(
      'DUPLICATE_ACROSS_SPLITS',
      t('The same picture is in {0} and, as {1}, in {2}: the accuracy will look better than it is.', split, other, otherSplit),
      t('Keep one of them.'),
      { file },
    ),
  classesImbalanced: (folder: string, largest: string, most: number, smallest: string, least: number) =>
    new UserError(
      'CLASSES_IMBALANCED',
      t('The classes differ strongly in size: {0} has {1} training pictures, {2} has {3}.', largest, most, smallest, least),
      t('Add pictures of {0}, or remove some of {1}; look at the accuracy of each class, not only at the whole.', smallest, largest),
      { file: folder },
    ),
  classesDifferInCase: (folder: string, label: string, other: string) =>
    new UserError(
      'CLASSES_DIFFER_IN_CASE',
      t('The classes {0} and {1} differ only in upper and lower case.', label, other),
      t('If they are the same class, move the pictures into one folder.'),
      { file: folder },
    ),
  cacheUnwritable: (folder: string, reason: string) =>
    new UserError(
      'CACHE_UNWRITABLE',
      t('Decoded pictures cannot be kept in {0} ({1}); the run goes on, but decodes every picture anew in each epoch.', folder, reason),
      t('Free some disk space, or allow writing to the folder.'),
      { file: folder },
    ),
  cacheFull: (limit: number) =>
    new UserError(
      'CACHE_FULL',
      t('Decoded pictures may take {0} GB on disk, and these take more; the rest is decoded anew in each epoch.', gigabytes(limit)),
      t('Set VITUNE_PICTURE_CACHE_GB to a greater number, and empty the cache once with "vitune cache --clear".'),
    ),
  featuresUnwritable: (folder: string, reason: string) =>
    new UserError(
      'FEATURES_UNWRITABLE',
      t('Features cannot be kept in {0} ({1}); the run goes on without, and later runs compute them anew.', folder, reason),
      t('Free some disk space, or allow writing to the folder.'),
      { file: folder },
    ),
  featuresTooLarge: (bytes: number, limit: number) =>
    new UserError(
      'FEATURES_TOO_LARGE',
      t(
        'The features of these pictures take {0} GB, and the cache may hold {1} GB; the run computes them anew in each epoch.',
        gigabytes(bytes),
        gigabytes(limit),
      ),
      t('Set VITUNE_FEATURE_CACHE_GB to a greater number, or "augmentation.views" to a smaller one.'),
    ),
  neighborsNeedOneLabel: (place: Place) =>
    new UserError(
      'NEIGHBORS_NEED_ONE_LABEL',
      t('The method pretrained answers with one label a picture, but this dataset has several tasks or several labels a picture.'),
      t('Choose another method, or name one column with one label in each row.'),
      place,
    ),
  featuresImpossible: (place: Place) =>
    new UserError(
      'FEATURE_CACHE_IMPOSSIBLE',
      t('There are no features to keep: the very first layers train, dropout or drop path changes what they say from step to step, or pictures are mixed.'),
      t('Set "featureCache" to "auto", turn dropout, drop path, mixup and CutMix off, or let only later blocks train.'),
      place,
    ),
  preprocessorInvalid: (file: string, field: string, reason: string) =>
    new UserError(
      'PREPROCESSOR_INVALID',
      field ? t('The preprocessor file has a wrong value in {0}: {1}', field, reason) : t('The preprocessor file cannot be used: {0}', reason),
      t('Take the preprocessor_config.json that belongs to the model, or correct the value.'),
      { file },
    ),

  // --- label files --------------------------------------------------------------------------------------------
  labelFile: {
    missing: (file: string) =>
      new UserError(
        'LABELS_MISSING',
        t('The label file {0} does not exist.', file),
        t('Put a CSV file there with a column of pictures and a column of labels, or name another in "labels".'),
        { file },
      ),
    syntax: (place: Place, reason: string) =>
      new UserError(
        'LABELS_SYNTAX',
        t('The label file is not valid CSV: {0}.', reason),
        t('Correct the file at this place, or save it again as CSV in UTF-8.'),
        place,
      ),
    empty: (file: string) => new UserError('LABELS_EMPTY', t('The label file has no row below its header.'), t('Add a row for each picture.'), { file }),
    columnTwice: (file: string, column: string) =>
      new UserError('LABELS_COLUMN_TWICE', t('The label file has two columns named {0}.', column), t('Rename or remove one of them.'), { file, line: 1 }),
    columnMissing: (file: string, column: string, known: readonly string[]) =>
      new UserError('LABELS_COLUMN_MISSING', t('The label file has no column {0}.', column), t('Columns that exist: {0}.', known.join(', ')), {
        file,
        line: 1,
      }),
    noImageColumn: (file: string, known: readonly string[]) =>
      new UserError(
        'LABELS_NO_IMAGE_COLUMN',
        t('No column of the label file is recognised as that of the pictures.'),
        t('Call it "image", or name one of these in "image": {0}.', known.join(', ')),
        { file, line: 1 },
      ),
    noLabelColumn: (file: string, known: readonly string[]) =>
      new UserError(
        'LABELS_NO_LABEL_COLUMN',
        t('No column of the label file is recognised as that of the labels.'),
        t('Call it "label", or name some of these in "columns": {0}.', known.join(', ')),
        { file, line: 1 },
      ),
    oneValue: (file: string, column: string, value: string) =>
      new UserError(
        'LABELS_ONE_VALUE',
        value
          ? t('The column {0} has only one value among the training pictures: {1}.', column, value)
          : t('The column {0} has no value among the training pictures.', column),
        t('Choose a column with two values or more, or add pictures with another.'),
        { file, line: 1 },
      ),
    notBinary: (place: Place, column: string, value: string) =>
      new UserError(
        'LABELS_NOT_BINARY',
        t('The column {0} is to hold 0 or 1, but holds {1}.', column, value),
        t('Correct the cell, or name a column of texts in "columns".'),
        place,
      ),
    splitUnknown: (place: Place, column: string, value: string) =>
      new UserError(
        'LABELS_SPLIT_UNKNOWN',
        t('The column {0} names the split {1}, which is none.', column, value),
        t('Write train, validation or test.'),
        place,
      ),
    noPictures: (file: string, folder: string) =>
      new UserError(
        'LABELS_NO_PICTURES',
        t('The label file names no picture in {0} to train on.', folder),
        t('Write the paths of the pictures relative to this folder, or name the folder in "folder".'),
        { file },
      ),
    labelUnknownToTraining: (place: Place, label: string) =>
      new UserError(
        'CLASS_UNKNOWN_TO_TRAINING',
        t('This row has the label {0}, but no training picture has it.', label),
        t('Correct the label, or give training pictures with it.'),
        place,
      ),
    labelUnknownToModel: (place: Place, label: string) =>
      new UserError(
        'CLASS_UNKNOWN_TO_MODEL',
        t('This row has the label {0}, but the model was not trained on it.', label),
        t('Correct the label, remove the row, or train a new model.'),
        place,
      ),
    notValidated: (file: string, task: string) =>
      new UserError(
        'LABELS_NOT_VALIDATED',
        t('No validation picture has a label in the column {0}.', task),
        t('Label more pictures, or set validationSplit higher.'),
        { file },
      ),

    // Problems that do not stop a run.
    rowUnlabelled: (place: Place, image: string) =>
      new UserError('LABELS_ROW_EMPTY', t('The picture {0} has no label and is left out.', image), t('Fill in its label, or remove the row.'), place),
    pictureMissing: (place: Place, image: string) =>
      new UserError('LABELS_PICTURE_MISSING', t('The picture {0} is not there; its row is left out.', image), t('Correct the path, or remove the row.'), place),
    notPicture: (place: Place, image: string) =>
      new UserError(
        'LABELS_NOT_PICTURE',
        t('{0} is no picture that can be read; its row is left out.', image),
        t('Save it as JPEG or PNG, or remove the row.'),
        place,
      ),
    pictureOutside: (place: Place, image: string, folder: string) =>
      new UserError(
        'LABELS_PICTURE_OUTSIDE',
        t('The path {0} does not lead to a picture inside {1}; its row is left out.', image, folder),
        t('Move the picture into the folder, or name a folder that holds all pictures in "folder".'),
        place,
      ),
    pictureTwice: (place: Place, image: string, line: number, same: boolean) =>
      new UserError(
        'LABELS_PICTURE_TWICE',
        same
          ? t('The picture {0} is in line {1} already; this row is left out.', image, line)
          : t('The picture {0} is in line {1} already, with other values; this row is left out.', image, line),
        t('Keep the row that is right.'),
        place,
      ),
    picturesUnlisted: (file: string, count: number) =>
      new UserError(
        'LABELS_PICTURES_UNLISTED',
        t('{0} pictures of the folder are not in the label file and are left out.', count),
        t('Add rows for them if they are wanted.'),
        {
          file,
        },
      ),
    labelOnce: (file: string, column: string, label: string) =>
      new UserError('LABELS_LABEL_ONCE', t('In the column {0} one training picture has the label {1}.', column, label), t('Add pictures of it, ten or more.'), {
        file,
      }),
    splitIgnored: (file: string, column: string, value: string) =>
      new UserError(
        'LABELS_SPLIT_IGNORED',
        t('The column {0} is not taken for the splits, since {1} is none.', column, value),
        t('Write train, validation or test, or name another column in "split".'),
        { file, line: 1 },
      ),
  },

  // --- losses -------------------------------------------------------------------------------------------------
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
      t('There is a class weight for {0}, which is no label.', label),
      t('Labels that exist: {0}.', labels.join(', ')),
      place,
    ),

  // --- models -------------------------------------------------------------------------------------------------
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
    new UserError('MODEL_CONFIG_INVALID', t('{0} in the config of the model must be {1}.', field, expected), t('Download the model again, or mend the file.'), {
      file,
    }),
  architectureUnknown: (file: string, architecture: string, known: readonly string[]) =>
    new UserError(
      'ARCHITECTURE_UNKNOWN',
      t('The architecture {0} is not one that ViTune knows.', architecture),
      t('Choose a model of one of these architectures: {0}.', known.join(', ')),
      { file },
    ),
  weightMissing: (file: string, name: string) =>
    new UserError('MODEL_WEIGHT_MISSING', t('The weights lack {0}.', name), t('Check that config.json and the weights are of the same model.'), { file }),
  weightShape: (file: string, name: string, found: readonly number[], expected: readonly number[]) =>
    new UserError(
      'MODEL_WEIGHT_SHAPE',
      t('The weight {0} has the shape [{1}]; the config of the model asks for [{2}].', name, found.join(', '), expected.join(', ')),
      t('Check that config.json and the weights are of the same model.'),
      { file },
    ),
  imageSizeInvalid: (size: number, patch: number, place: Place) =>
    new UserError(
      'IMAGE_SIZE_INVALID',
      t('The image size {0} is no multiple of the patch size {1} of the model.', size, patch),
      t('Choose a multiple of {0}.', patch),
      place,
    ),
  // --- ONNX files as frozen bodies ------------------------------------------------------------------------------
  onnx: {
    damaged: (file: string, reason: string) =>
      new UserError('ONNX_DAMAGED', t('{0} is no ONNX file, or it is damaged: {1}.', file, reason), t('Download or export it again.'), { file }),
    tooLarge: (file: string, bytes: number) =>
      new UserError(
        'ONNX_TOO_LARGE',
        t('The ONNX model {0} takes {1} GB; at most 2 can be used.', file, gigabytes(bytes)),
        t('Export it in half precision, or take a smaller model.'),
        {
          file,
        },
      ),
    externalUnusable: (file: string, location: string, reason: string) =>
      new UserError(
        'ONNX_WEIGHTS_UNUSABLE',
        t('The weights {0} beside the ONNX file cannot be used: {1}.', location, reason),
        t('Put the file of the weights into the folder of the model, as it was exported.'),
        { file },
      ),
    opsetTooOld: (file: string, opset: number, least: number) =>
      new UserError(
        'ONNX_OPSET_TOO_OLD',
        t('The ONNX file is of operator set {0}; at least {1} is needed.', opset, least),
        t('Export it again with a newer operator set, or convert it with onnx.version_converter in Python.'),
        { file },
      ),
    inputUnfit: (file: string, found: string) =>
      new UserError(
        'ONNX_INPUT_UNFIT',
        t('The ONNX file has no single input that takes pictures; it has: {0}.', found),
        t('Export it with one input [batch, 3, height, width] or [batch, height, width, 3] of floats or bytes.'),
        { file },
      ),
    outputUnknown: (name: string, known: readonly string[], place: Place) =>
      new UserError(
        'ONNX_OUTPUT_UNKNOWN',
        t('The ONNX file has no tensor {0}.', name),
        t('Name its features in "featureOutput", or leave that out. The outputs and last tensors are: {0}.', known.join(', ')),
        place,
      ),
    outputUnfit: (name: string, shape: readonly number[], known: readonly string[], place: Place) =>
      new UserError(
        'ONNX_OUTPUT_UNFIT',
        t('The tensor {0} of the ONNX file is [{1}] for two pictures: these are no features of each.', name, shape.join(', ')),
        t(
          'Name a tensor [batch, width], [batch, tokens, width] or [batch, channels, height, width] in "featureOutput". The outputs and last tensors are: {0}.',
          known.join(', '),
        ),
        place,
      ),
    batchFixed: (file: string, batch: number) =>
      new UserError('ONNX_BATCH_FIXED', t('The ONNX file takes only {0} pictures at once.', batch), t('Export it with an open batch, or for one picture.'), {
        file,
      }),
    imageSizeFixed: (size: number, height: number, width: number, place: Place) =>
      new UserError(
        'ONNX_IMAGE_SIZE_FIXED',
        t('The image size {0} does not fit: the ONNX file takes pictures of {1} x {2}.', size, height, width),
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
      new UserError('ONNX_NOT_ON_DEVICE', t('The network from the ONNX file cannot run on {0}: {1}', device, reason), t('Set "device" to "cpu".')),
    headOnly: (method: string, place: Place) =>
      new UserError(
        'ONNX_HEAD_ONLY',
        t('The method {0} trains inside the network, and one from an ONNX file stays as it is.', method),
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
        t('"featureOutput" names a tensor of an ONNX file, but the model is none.'),
        t('Remove "featureOutput", or name an ONNX file in "model".'),
        place,
      ),
    exportImpossible: (format: string) =>
      new UserError('EXPORT_IMPOSSIBLE', t('A model whose body is an ONNX file cannot be written as {0}.', format), t('Choose another format: {0}.', 'onnx')),
    /** Notices of a run. */
    featuresChosen: (file: string, name: string, shape: readonly (number | string)[], made: string, others: readonly string[]) =>
      new UserError(
        'ONNX_FEATURES',
        t('Features are the tensor {0} [{1}]: {2}.', name, shape.join(', '), made),
        t('To take another, name it in "featureOutput". The outputs and last tensors are: {0}.', others.join(', ')),
        { file },
      ),
    normalisationAssumed: (file: string) =>
      new UserError(
        'ONNX_NORMALISATION',
        t("Nothing beside the ONNX file says how pictures are normalised: they are taken as models of torchvision take them (ImageNet's mean and deviation)."),
        t('If it was trained otherwise, put its preprocessor_config.json beside the file.'),
        { file },
      ),
  },
  /** With a `revision` the model is on the hub. */
  baseMissing: (model: string, revision: string | undefined, file: string) =>
    new UserError(
      'BASE_MISSING',
      t('The checkpoint was trained on the model {0}, which is not there.', model),
      revision === undefined
        ? t('Put the model back, or choose another checkpoint.')
        : t('Download it (vitune download {0}), or choose another checkpoint.', `${model}@${revision}`),
      { file },
    ),
  baseChanged: (model: string, file: string) =>
    new UserError(
      'BASE_CHANGED',
      t('The model {0} is not the one this checkpoint was trained on: its weights differ.', model),
      t('Put the original model back, or train again.'),
      { file },
    ),
  checkpointDamaged: (file: string, reason: string) =>
    new UserError('CHECKPOINT_DAMAGED', t('This file of the checkpoint cannot be used: {0}', reason), t('Choose another checkpoint of the run.'), { file }),
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
      t('Choose at most {0}; to train everything, take the method "full".', there),
      place,
    ),
  modulesUnmatched: (patterns: readonly string[], known: readonly string[], place: Place) =>
    new UserError(
      'MODULES_UNMATCHED',
      t('No weight of the model is named like {0}.', patterns.join(', ')),
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

  // --- interchange --------------------------------------------------------------------------------------------
  headMissing: (folder: string) =>
    new UserError(
      'HEAD_MISSING',
      t('The model has no classification head with labels, so it cannot name a picture.'),
      t('Fine-tune it first, or give the folder of a model with a head (id2label in config.json, weights of the classifier).'),
      { file: folder },
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
  adapterNotOfBase: (file: string, weight: string) =>
    new UserError(
      'ADAPTER_NOT_OF_BASE',
      t('The adapter belongs to another model than the one that adapter_config.json names: its {0} does not fit.', weight),
      t('Correct base_model_name_or_path in adapter_config.json.'),
      { file },
    ),
  exportTargetTaken: (folder: string) =>
    new UserError('EXPORT_TARGET_TAKEN', t('{0} is there already; an export overwrites nothing.', folder), t('Name a folder that is new or empty.'), {
      file: folder,
    }),
  exportImpossible: (format: string, method: string, others: readonly string[]) =>
    new UserError(
      'EXPORT_IMPOSSIBLE',
      t('A model fine-tuned by the method {0} cannot be written as {1}.', method, format),
      t('Choose another format: {0}.', others.join(', ')),
    ),
  notExported: (error: UserError) =>
    new UserError('NOT_EXPORTED', error.message, t('Free some space, allow writing to the folder, or choose another one.'), error.place),
  answersChanged: (what: string, parity: Parity) =>
    new UserError(
      'ANSWERS_CHANGED',
      t('Exported as {0}, the model answers otherwise than the checkpoint: {1}', what, changedIn(parity)),
      t('Nothing was kept. Try again; if it happens twice, report it with the log.'),
    ),
  savedAnswersChanged: (checkpoint: string, parity: Parity) =>
    new UserError(
      'SAVED_ANSWERS_CHANGED',
      t('The saved checkpoint answers otherwise than the model in training: {0}', changedIn(parity)),
      t('Check the disk and the model folder, then train again; if it happens twice, report it with the log.'),
      { file: checkpoint },
    ),
  freshProcessDied: (model: string, reason: string) =>
    new UserError('NOT_COMPARED', t('The saved model could not be asked in a process of its own: {0}', reason), t('Free some memory and try again.'), {
      file: model,
    }),
  trainerDied: (code: string, reason: string) =>
    new UserError(
      'TRAINER_DIED',
      t('The process that trained ended without a word ({0}). {1}', code, reason),
      t('Free some memory, or set a smaller batchSize.'),
    ),
  comparisonTaken: (folder: string) =>
    new UserError(
      'COMPARISON_TAKEN',
      t('{0} holds another comparison, of another dataset or with other settings.', folder),
      t('Name another folder with --output, or remove this one.'),
      { file: folder },
    ),

  // --- runs ---------------------------------------------------------------------------------------------------
  datasetChanged: (folder: string) =>
    new UserError(
      'DATASET_CHANGED',
      t('The pictures of the dataset are not those the run was started on, so it cannot go on from its checkpoint.'),
      t('Put the pictures back, or start a new run.'),
      { file: folder },
    ),
  methodChanged: (checkpoint: string) =>
    new UserError(
      'METHOD_CHANGED',
      t('The run was started with another method, or with other options of it, so it cannot go on from its checkpoint.'),
      t('Set "method" as it was, or start a new run.'),
      { file: checkpoint },
    ),
  validationEmpty: (folder: string) =>
    new UserError(
      'VALIDATION_EMPTY',
      t('There is no picture to validate on: no class in {0} has two readable pictures.', folder),
      t('Add pictures, ten or more for each class, or a folder named validation.'),
      { file: folder },
    ),
  batchesShrunk: (before: number, { batchSize, gradientAccumulationSteps }: { batchSize: number; gradientAccumulationSteps: number }) =>
    new UserError(
      'BATCHES_SHRUNK',
      batchSize === before
        ? t('Memory ran out. From now on activations are computed anew in the backward pass instead of held.')
        : t(
            'Memory ran out in batches of {0} pictures. From now on {1} batches of {2} make one step, which learns the same.',
            before,
            gradientAccumulationSteps,
            batchSize,
          ),
      t('Training goes on by itself, from the last checkpoint where there is one. For the next run, set a smaller batchSize.'),
    ),
  outOfMemory: (reason: string) =>
    new UserError('OUT_OF_MEMORY', t('The memory of the device ran out: {0}', reason), t('Halve batchSize and double gradientAccumulationSteps, then resume.')),
  lossNotFinite: (step: number, learningRate: number) =>
    new UserError(
      'LOSS_NOT_FINITE',
      t('The loss is no longer a number after step {0}: training has diverged at a learning rate of {1}.', step, learningRate),
      t('Lower learningRate, e.g. to a tenth, and start again. The checkpoints saved so far are kept.'),
    ),

  // --- command line -------------------------------------------------------------------------------------------
  pathMissing: (path: string) => new UserError('PATH_MISSING', t('There is no file or folder {0}.', path), t('Check the path.'), { file: path }),
  nothingToClassify: (path: string) =>
    new UserError('NOTHING_TO_CLASSIFY', t('There is no picture in {0}.', path), t('Give picture files, or a folder that holds some.'), { file: path }),
  usage: (message: string, usage: string) => new UserError('USAGE', message, t('Usage: {0}', usage)),

  // --- devices ------------------------------------------------------------------------------------------------
  deviceUnusable: (device: string, reason: string, place: Place) =>
    new UserError(
      'DEVICE_UNUSABLE',
      t('The device {0} cannot be used: {1}', device, reason),
      t('Choose the device "auto" or "cpu", or run `vitune doctor` to see what this machine has.'),
      place,
    ),

  // --- files of weights ---------------------------------------------------------------------------------------
  fileUnreadable: (file: string, reason: string) =>
    new UserError('FILE_UNREADABLE', t('This file cannot be read: {0}', reason), t('Check that it exists and that you may read it.'), { file }),
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
    new UserError('MODEL_SHARD_MISSING', t('The index names the file {0}, which is not there.', shard), t('Download the missing file into the same folder.'), {
      file,
    }),
  beyondHalf: (file: string, tensor: string, value: number) =>
    new UserError('WEIGHTS_BEYOND_F16', t('The tensor {0} holds {1}, more than a 16-bit float can hold (65504).', tensor, value), t('Save in 32 bits.'), {
      file,
    }),
  /** The closed list of defects of a safetensors file. */
  safetensors: {
    tooShort: (file: string, bytes: number) => damaged('TOO_SHORT', file, t('The file has {0} bytes; a safetensors file has at least 8.', bytes)),
    headerTooLong: (file: string, length: number, bytes: number) =>
      damaged(
        'HEADER_TOO_LONG',
        file,
        t('The file claims a header of {0} bytes, but has {1} bytes in all (and at most 100 MB of header are read).', length, bytes),
      ),
    headerNotJson: (file: string) => damaged('HEADER_NOT_JSON', file, t('The header of the file is no JSON object.')),
    duplicateKey: (file: string, key: string) => damaged('DUPLICATE_KEY', file, t('The header names {0} twice.', key)),
    metadataNotText: (file: string) => damaged('METADATA_NOT_TEXT', file, t('The __metadata__ of the header is no object of texts.')),
    entryMalformed: (file: string, tensor: string) =>
      damaged('ENTRY_MALFORMED', file, t('The header entry of {0} lacks a dtype, a shape or two data_offsets.', tensor)),
    unknownType: (file: string, tensor: string, dtype: string) =>
      damaged('UNKNOWN_TYPE', file, t('The tensor {0} has the type {1}, which the format does not know.', tensor, dtype)),
    shapeInvalid: (file: string, tensor: string, shape: string) =>
      damaged('SHAPE_INVALID', file, t('The tensor {0} has the shape {1}: sizes are whole numbers, not negative, and not too large to count.', tensor, shape)),
    outOfBounds: (file: string, tensor: string, offsets: string, bytes: number) =>
      damaged('OUT_OF_BOUNDS', file, t('The tensor {0} lies at {1}, outside the {2} bytes of data.', tensor, offsets, bytes)),
    sizeMismatch: (file: string, tensor: string, shape: string, needed: number, given: number) =>
      damaged('SIZE_MISMATCH', file, t('The tensor {0} is {1}, so it needs {2} bytes, but has {3}.', tensor, shape, needed, given)),
    overlap: (file: string, tensor: string) => damaged('OVERLAP', file, t('The bytes of {0} overlap those of another tensor.', tensor)),
    hole: (file: string, begin: number, end: number) => damaged('HOLE', file, t('The bytes {0} to {1} belong to no tensor.', begin, end)),
    truncated: (file: string) => damaged('TRUNCATED', file, t('The file ends before its data does.')),
    notFinite: (file: string, tensor: string, index: number) =>
      damaged('NOT_FINITE', file, t('The tensor {0} holds a value that is not a number or is infinite, at position {1}.', tensor, index)),
    indexInvalid: (file: string, reason: string) => damaged('INDEX_INVALID', file, t('The index of the weights is not valid: {0}', reason)),
    notInShard: (file: string, tensor: string, index: string) =>
      damaged('NOT_IN_SHARD', file, t('The tensor {0} is not in this file, although {1} says so.', tensor, index)),
  },
  // --- the hub ------------------------------------------------------------------------------------------------
  hub: {
    nameInvalid: (name: string, place: Place) =>
      new UserError(
        'HUB_NAME_INVALID',
        t('{0} is not the name of anything on the hub.', name),
        t('Write owner/name, or owner/name@revision with a branch, a tag or a commit.'),
        place,
      ),
    revisionTwice: (name: string, place: Place) =>
      new UserError('HUB_REVISION_TWICE', t('{0} names a revision, and so does "revision".', name), t('Keep one of the two.'), place),
    repositoryMissing: (id: string, kind: 'model' | 'dataset', place: Place) =>
      new UserError(
        'HUB_REPOSITORY_MISSING',
        kind === 'model' ? t('There is no model {0} on the hub that you may see.', id) : t('There is no dataset {0} on the hub that you may see.', id),
        t(
          'Check the spelling; a folder begins with ./ . If it is private, set a token that may read it: in HF_TOKEN, or in the editor by "ViTune: Set Hugging Face Token…".',
        ),
        place,
      ),
    revisionMissing: (id: string, revision: string, place: Place) =>
      new UserError('HUB_REVISION_MISSING', t('{0} has no revision {1}.', id, revision), t('Give a branch, a tag or a whole commit of it.'), place),
    fileMissing: (name: string, file: string, place: Place) =>
      new UserError('HUB_FILE_MISSING', t('{0} has no file {1}.', name, file), t('Choose another revision, or another repository.'), place),
    notModel: (name: string, place: Place) =>
      new UserError(
        'HUB_NOT_A_MODEL',
        t('{0} lacks config.json or model.safetensors, so it is no model that ViTune can read.', name),
        t('Choose a repository that has both.'),
        place,
      ),
    pickleOnly: (name: string, file: string, place: Place) =>
      new UserError(
        'HUB_PICKLE_ONLY',
        t('{0} has its weights as {1} only. Such files can run code, so ViTune neither downloads nor reads them.', name, file),
        t('Look among its revisions (refs/pr/1 …) or for a copy with model.safetensors, or convert it once in Python with save_pretrained.'),
        place,
      ),
    notImageFolder: (name: string, packed: string | undefined, place: Place) =>
      new UserError(
        'HUB_NOT_AN_IMAGE_FOLDER',
        packed === undefined
          ? t('{0} has no pictures in folders.', name)
          : t('{0} keeps its data in files such as {1}, not as pictures in folders.', name, packed),
        t('Choose a dataset with a folder of pictures for each class, or download and unpack this one yourself and give the folder.'),
        place,
      ),
    nameUnsafe: (id: string, file: string, place: Place) =>
      new UserError(
        'HUB_NAME_UNSAFE',
        t('{0} has a file whose name leads out of its folder: {1}', id, file),
        t('Do not use this repository; its owner should rename the file.'),
        place,
      ),
    tokenNeeded: (id: string, place: Place) =>
      new UserError(
        'HUB_TOKEN_NEEDED',
        t('{0} is open only to those who have asked for access, and no token is set.', id),
        t('Ask for access on its page, then set a token: in HF_TOKEN, or in the editor by "ViTune: Set Hugging Face Token…".'),
        place,
      ),
    tokenRefused: (place: Place) =>
      new UserError(
        'HUB_TOKEN_REFUSED',
        t('The hub does not accept the token.'),
        t('Make a new one in the settings of your account and set it anew, or remove it: public models need none.'),
        place,
      ),
    accessDenied: (id: string, place: Place) =>
      new UserError(
        'HUB_ACCESS_DENIED',
        t('The token does not give access to {0}.', id),
        t('Ask for access on its page and wait for the answer, or use a token that may read it.'),
        place,
      ),
    refused: (name: string, reason: string, place: Place) =>
      new UserError('HUB_REFUSED', t('The hub refused to give {0}: {1}', name, reason), t('Check the name and the revision, or try again later.'), place),
    busy: (host: string, status: number, place: Place) =>
      new UserError(
        'HUB_BUSY',
        t('{0} is too busy to answer ({1}).', host, status),
        t('Try again later; what is downloaded is kept. With a token the hub allows more requests.'),
        place,
      ),
    unreachable: (host: string, reason: string, place: Place) =>
      new UserError(
        'HUB_UNREACHABLE',
        t('The connection to {0} failed: {1}', host, reason),
        t('Check the network and its proxy (HTTPS_PROXY, HF_ENDPOINT) and try again: what is downloaded is kept.'),
        place,
      ),
    notTheHub: (host: string, place: Place) =>
      new UserError(
        'HUB_NOT_THE_HUB',
        t('{0} answered with a web page instead of a file.', host),
        t('If the network asks for a login, open any page in a browser and log in. Check HF_ENDPOINT if it is set.'),
        place,
      ),
    answerWrong: (id: string, what: string, place: Place) =>
      new UserError(
        'HUB_ANSWER_WRONG',
        t('The answer for {0} is not what a hub gives: {1}', id, what),
        t('Check HF_ENDPOINT if it is set, or try again later.'),
        place,
      ),
    hashWrong: (id: string, file: string, place: Place) =>
      new UserError(
        'HUB_HASH_WRONG',
        t('The file {1} of {0} arrived, but its hash is not the one that the hub names. It was not kept.', id, file),
        t('Try again; if it stays so, a proxy on the way may change files.'),
        place,
      ),
    offline: (name: string, place: Place) =>
      new UserError(
        'HUB_OFFLINE',
        t('{0} is not wholly in the cache, and HF_HUB_OFFLINE forbids downloading.', name),
        t('Unset HF_HUB_OFFLINE, or copy the cache of a machine that has it.'),
        place,
      ),
    diskTooSmall: (folder: string, needed: number, free: number) =>
      new UserError(
        'HUB_DISK_TOO_SMALL',
        t('The download needs {0} MB, but the disk of {1} has {2} MB left.', Math.ceil(needed / 1e6), folder, Math.floor(free / 1e6)),
        t('Free some space, or name a folder on another disk in HF_HOME.'),
        { file: folder },
      ),
    diskFull: (folder: string) =>
      new UserError(
        'HUB_DISK_FULL',
        t('The disk of {0} became full during the download.', folder),
        t('Free some space and try again: what is downloaded is kept. Or name a folder on another disk in HF_HOME.'),
        { file: folder },
      ),
    cacheUnwritable: (folder: string, reason: string) =>
      new UserError(
        'HUB_CACHE_UNWRITABLE',
        t('The cache {0} does not take files: {1}', folder, reason),
        t('Allow writing to it, or name another folder in HF_HOME.'),
        { file: folder },
      ),
  },

  // --- saving -------------------------------------------------------------------------------------------------
  notSaved: {
    diskFull: (target: string) =>
      new UserError(
        'NOT_SAVED_DISK_FULL',
        t('{0} was not saved: the disk is full. What was saved before is intact.', target),
        t('Free some space, then resume the run.'),
        {
          file: target,
        },
      ),
    notWritable: (target: string) =>
      new UserError(
        'NOT_SAVED_READ_ONLY',
        t('{0} was not saved: the folder does not allow writing. What was saved before is intact.', target),
        t('Allow writing to the folder, or set "output" to another folder.'),
        { file: target },
      ),
    other: (target: string, reason: string) =>
      new UserError(
        'NOT_SAVED',
        t('{0} was not saved: {1}. What was saved before is intact.', target, reason),
        t('Check the disk and the folder, or set "output" to another folder.'),
        { file: target },
      ),
  },
  pointerDamaged: (file: string) =>
    new UserError(
      'POINTER_DAMAGED',
      t('This file should hold the step of a checkpoint, but does not.'),
      t('Write the name of a folder in checkpoints/ into it.'),
      { file },
    ),

  // --- run folders --------------------------------------------------------------------------------------------
  run: {
    exists: (folder: string) =>
      new UserError('RUN_EXISTS', t('{0} already holds a run.', folder), t('Go on with it by --resume, or set "output" to another folder.'), { file: folder }),
    folderInUse: (folder: string) =>
      new UserError('OUTPUT_NOT_EMPTY', t('The output folder {0} holds other files.', folder), t('Set "output" to a folder that is new or empty.'), {
        file: folder,
      }),
    nothingToResume: (config: string, folder: string) =>
      new UserError('NOTHING_TO_RESUME', t('There is no unfinished run of this config in {0}.', folder), t('Start a new run, without --resume.'), {
        file: config,
      }),
    finished: (folder: string) =>
      new UserError('RUN_FINISHED', t('The run {0} is finished, so there is nothing to resume.', folder), t('Start a new run, without --resume.'), {
        file: folder,
      }),
    locked: (folder: string, pid: number) =>
      new UserError('RUN_LOCKED', t('The run {0} is being trained right now, by process {1}.', folder, pid), t('Wait until it ends, or stop it first.'), {
        file: folder,
      }),
    noSocket: (address: string, reason: string) =>
      new UserError(
        'NO_SOCKET',
        t('The address {0}, through which windows reach the training, cannot be opened: {1}', address, reason),
        t('Allow writing to the folder for temporary files and free some space there, or name another one in TMPDIR.'),
        { file: address },
      ),
    damaged: (file: string, reason: string) =>
      new UserError('RUN_DAMAGED', t('This file of the run is damaged: {0}', reason), t('Start a new run; the checkpoints of this one can still be used.'), {
        file,
      }),
  },
  checkpointMissing: (path: string) =>
    new UserError('CHECKPOINT_MISSING', t('{0} does not exist.', path), t('Give the folder of a run, or a folder in its checkpoints/.'), { file: path }),
  notCheckpoint: (path: string) =>
    new UserError('NOT_A_CHECKPOINT', t('{0} is neither a run nor a checkpoint.', path), t('Give the folder of a run, or a folder in its checkpoints/.'), {
      file: path,
    }),
  noCheckpointYet: (run: string) =>
    new UserError('NO_CHECKPOINT_YET', t('The run {0} has no checkpoint yet.', run), t('Let it train until its first checkpoint.'), { file: run }),

  // --- the config; `option` is the text of a --set that the value came from, then `place` is empty ------------------
  config: {
    missing: (file: string) =>
      new UserError('CONFIG_MISSING', t('There is no such config file.'), t('Check the path; a config is a file whose name ends in .vitune.json.'), { file }),
    syntax: (place: Place, what: string) =>
      new UserError('CONFIG_SYNTAX', t('The config is not valid JSON: {0}.', what), t('Correct the file at this place.'), place),
    notObject: (place: Place) => new UserError('CONFIG_NOT_OBJECT', t('The config is no JSON object.'), t('Begin it with { and end it with }.'), place),
    keyTwice: (place: Place, key: string) => new UserError('CONFIG_KEY_TWICE', t('The key "{0}" stands twice.', key), t('Remove one of the two.'), place),
    keyUnknown: (place: Place, key: string, nearest: string | undefined, known: string[], option?: string) =>
      new UserError(
        'CONFIG_KEY_UNKNOWN',
        ofOption(option, t('There is no key "{0}".', key)),
        nearest === undefined ? t('Known keys here: {0}.', known.join(', ')) : t('Did you mean "{0}"?', nearest),
        place,
      ),
    keyMissing: (place: Place, key: string, allowed: string, option?: string) =>
      new UserError('CONFIG_KEY_MISSING', ofOption(option, t('The key "{0}" is missing.', key)), t('Add it. Allowed: {0}.', allowed), place),
    type: (place: Place, given: { key: string; value: string; allowed: string }, option?: string) =>
      new UserError(
        'CONFIG_TYPE',
        ofOption(option, t('The value of "{0}" is {1}, which is of the wrong type.', given.key, given.value)),
        t('Allowed: {0}.', given.allowed),
        place,
      ),
    value: (place: Place, given: { key: string; value: string; allowed: string }, option?: string) =>
      new UserError(
        'CONFIG_VALUE',
        ofOption(option, t('The value of "{0}" is {1}, which is not allowed.', given.key, given.value)),
        t('Allowed: {0}.', given.allowed),
        place,
      ),
    pairNotOrdered: (place: Place, key: string, value: string, option?: string) =>
      new UserError(
        'CONFIG_VALUE',
        ofOption(option, t('The value of "{0}" is {1}, whose first number is greater than its second.', key, value)),
        t('Put the smaller number first.'),
        place,
      ),
    overrideMalformed: (option: string) =>
      new UserError('OPTION_INVALID', ofOption(option, t('this is not of the form KEY=VALUE.')), t('Write for example --set epochs=3 or --set method.rank=4.')),
    overrideNotInObject: (option: string, key: string) =>
      new UserError(
        'OPTION_INVALID',
        ofOption(option, t('"{0}" has no keys inside, since the config gives it as a single value.', key)),
        t('Set "{0}" as a whole, or change it in the file.', key),
      ),
  },
};
