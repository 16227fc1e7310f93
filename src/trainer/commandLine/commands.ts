/**
 * The commands, one row each: what they do, take and default to. Parsing, help, `docs/commands.md` and shell completion
 * are made from these rows.
 */
import * as l10n from '@vscode/l10n';
import { exportFormatNames } from '../../shared/exportFormats.js';
import { againFrom } from '../../shared/runFolder.js';
import { precisionNames } from '../../shared/precisions.js';
import {
  acceptedShare,
  choice,
  count,
  flag,
  list,
  points,
  requiredText,
  several,
  text,
  type Option,
} from './option.js';

export interface CommandRow {
  /** What the command does, in a sentence. */
  summary: () => string;
  /** The arguments that are not options. */
  operand?: {
    placeholder: string;
    help: () => string;
    min: number;
    max: number;
    choices?: readonly string[];
  };
  options: Readonly<Record<string, Option>>;
  /** Whole calls, without `vitune`. */
  examples: readonly string[];
}

const row = <Row extends CommandRow>(each: Row): Row => each;

const json = flag(() => l10n.t('Prints JSON for programs: one object per line.'));

const checkpoint = requiredText({ placeholder: 'RUN_OR_CHECKPOINT', example: 'runs/flowers' }, () =>
  l10n.t('The run, whose best checkpoint is used, or the folder of a checkpoint, adapter or model.'),
);

const device = choice(['cpu', 'tensorflow'] as const, 'cpu', () =>
  l10n.t('What to compute on: the CPU, or TensorFlow.js where it is installed.'),
);

const set = list({ placeholder: 'KEY=VALUE', example: 'epochs=3' }, () =>
  l10n.t('Changes a key of the config, e.g. method.rank=4. May be given several times.'),
);

const unlabelled = {
  placeholder: 'FOLDER',
  help: () => l10n.t('A folder of images; those in folders inside it have a class already, named as their folder.'),
  min: 1,
  max: 1,
};

const featureModel = text({ placeholder: 'MODEL', example: 'embedded' }, () =>
  l10n.t('The model whose features describe the images: a name, folder, checkpoint or run. Default: embedded.'),
);

const imageList = text({ placeholder: 'FILE', example: 'photos.images' }, () =>
  l10n.t('Writes the images to a file that the editor shows.'),
);

/** The shells that `vitune completion` writes a script for. */
export const shells = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof shells)[number];

/** What `vitune cuda` does. */
const cudaActions = ['status', 'install', 'remove'] as const;

export const commands = {
  train: row({
    summary: () => l10n.t('Trains a model as a config file describes it.'),
    operand: {
      placeholder: 'CONFIG',
      help: () => l10n.t('A file whose name ends in .vitune.json or .vitune.jsonc; with --again the folder of a run.'),
      min: 1,
      max: 1,
    },
    options: {
      set,
      resume: flag(() => l10n.t('Continues the run of this config from its last checkpoint.')),
      again: choice(againFrom, 'scratch', () =>
        l10n.t(
          'Trains as the run was trained, on its dataset as it is now and the same validation images: from scratch, or from its best checkpoint.',
        ),
      ),
      profile: flag(() => l10n.t('Measures where the time goes, and writes a trace.')),
      'dry-run': flag(() => l10n.t('Only estimates time, memory and disk, from a trial of a few steps.')),
      json,
    },
    examples: [
      'train flowers.vitune.json',
      'train flowers.vitune.json --set method=full --set epochs=3',
      'train flowers.vitune.json --dry-run',
      'train flowers.vitune.json --resume',
      'train runs/flowers --again scratch',
    ],
  }),
  check: row({
    summary: () => l10n.t('Shows what is wrong with a config file and what it comes to, without training.'),
    operand: {
      placeholder: 'CONFIG',
      help: () => l10n.t('A file whose name ends in .vitune.json or .vitune.jsonc.'),
      min: 1,
      max: 1,
    },
    options: {
      stdin: flag(() => l10n.t('Reads the text from standard input, as if it were in the file.')),
      json,
    },
    examples: ['check flowers.vitune.json'],
  }),
  classify: row({
    summary: () => l10n.t('Shows which labels a checkpoint predicts for images.'),
    operand: {
      placeholder: 'PATH',
      help: () => l10n.t('Images, or folders of images.'),
      min: 1,
      max: Infinity,
    },
    options: {
      checkpoint,
      top: count(5, { placeholder: 'N', example: '3' }, () => l10n.t('How many labels to show for each image.')),
      accept: acceptedShare(() =>
        l10n.t('The share of the validation images that counts as known. Default: that of the calibration.'),
      ),
      device,
      json,
    },
    examples: ['classify photo.jpg --checkpoint runs/flowers', 'classify photos --checkpoint runs/flowers --top 1'],
  }),
  evaluate: row({
    summary: () => l10n.t('Measures a checkpoint on labelled images.'),
    options: {
      checkpoint,
      dataset: text({ placeholder: 'FOLDER_OR_CSV', example: 'photos' }, () =>
        l10n.t('A folder of labelled images, a label file, or hub:owner/name. May be left out with --split.'),
      ),
      split: choice(['validation', 'test'] as const, 'validation', () =>
        l10n.t("Evaluates on the run's own images of this split."),
      ),
      all: flag(() => l10n.t('Evaluates on all images, also on those that the run was trained on.')),
      against: text({ placeholder: 'RUN_OR_CHECKPOINT', example: 'runs/roses' }, () =>
        l10n.t('Another model to evaluate too: says whether the difference could be chance.'),
      ),
      images: flag(() => l10n.t('Also shows each image with its label and its prediction.'), 'pictures'),
      list: text({ placeholder: 'FILE', example: 'photos.images' }, () =>
        l10n.t('Writes the images with their labels and predictions to a file that the editor shows.'),
      ),
      accept: acceptedShare(() =>
        l10n.t('The share of the validation images that counts as known. Default: that of the calibration.'),
      ),
      device,
      json,
    },
    examples: ['evaluate --checkpoint runs/flowers --dataset photos'],
  }),
  explain: row({
    summary: () => l10n.t('Shows which places of an image speak for a class, and which training images are alike.'),
    operand: { placeholder: 'IMAGE', help: () => l10n.t('Images, or folders of images.'), min: 1, max: Infinity },
    options: {
      checkpoint,
      label: text({ placeholder: 'CLASS', example: 'roses' }, () =>
        l10n.t('The class to explain. Default: the likeliest of each image.'),
      ),
      output: text({ placeholder: 'FOLDER', example: 'why' }, () =>
        l10n.t('Writes each image with its places coloured, as a PNG file, to this folder.'),
      ),
      json,
    },
    examples: ['explain photo.jpg --checkpoint runs/flowers', 'explain photos --checkpoint runs/flowers --output why'],
  }),
  diff: row({
    summary: () => l10n.t('Shows which images changed their answer between two models, and who was right.'),
    operand: {
      placeholder: 'RUN_OR_CHECKPOINT',
      help: () =>
        l10n.t('The model before and the model after: runs, checkpoints, adapters, models or exports to ONNX.'),
      min: 2,
      max: 2,
    },
    options: {
      dataset: text(
        { placeholder: 'FOLDER_OR_CSV', example: 'photos' },
        () => l10n.t('A folder of labelled images, a label file, or hub:owner/name. May be left out with --split.'),
        'data',
      ),
      split: choice(['validation', 'test'] as const, 'validation', () =>
        l10n.t("Compares on the runs' own images of this split."),
      ),
      all: flag(() => l10n.t('Compares on all images, also on those that a run was trained on.')),
      list: text({ placeholder: 'FILE', example: 'flips.images' }, () =>
        l10n.t('Writes the images that changed to a file that the editor shows.'),
      ),
      json,
    },
    examples: ['diff runs/flowers runs/flowers-2 --dataset photos', 'diff runs/flowers exported --dataset photos'],
  }),
  changes: row({
    summary: () => l10n.t('Shows what changed in the dataset of a run since, or between two runs.'),
    operand: {
      placeholder: 'RUN',
      help: () => l10n.t('The run, and perhaps a later run of the same dataset; without it, the dataset as it is now.'),
      min: 1,
      max: 2,
    },
    options: {
      list: text({ placeholder: 'FILE', example: 'changed.images' }, () =>
        l10n.t('Writes the images that changed to a file that the editor shows.'),
      ),
      json,
    },
    examples: ['changes runs/flowers', 'changes runs/flowers runs/flowers-2'],
  }),
  calibrate: row({
    summary: () =>
      l10n.t('Computes how sure the probabilities of a checkpoint may be, and which images it does not know.'),
    operand: {
      placeholder: 'RUN_OR_CHECKPOINT',
      help: () => l10n.t('The run, whose best checkpoint is used, or the folder of a checkpoint.'),
      min: 1,
      max: 1,
    },
    options: {
      dataset: text({ placeholder: 'FOLDER_OR_CSV', example: 'photos' }, () =>
        l10n.t("The images of the run, where they lie elsewhere now. Default: the run's own."),
      ),
      accept: acceptedShare(() =>
        l10n.t('The share of the validation images that must count as known. Default: acceptedShare of the run.'),
      ),
      json,
    },
    examples: ['calibrate runs/flowers', 'calibrate runs/flowers --accept 0.9'],
  }),
  test: row({
    summary: () => l10n.t('Tests whether a model holds what a file asks of it, e.g. a least accuracy.'),
    operand: {
      placeholder: 'FILE',
      help: () => l10n.t('A file whose name ends in .vitune-test.json, or a config with tests.'),
      min: 1,
      max: 1,
    },
    options: {
      only: list({ placeholder: 'NAME', example: 'accuracy' }, () =>
        l10n.t('Runs the test of this name. May be given several times. Default: all tests.'),
      ),
      junit: text({ placeholder: 'FILE', example: 'results.xml' }, () =>
        l10n.t('Writes the results as JUnit XML, which build servers read.'),
      ),
      json,
    },
    examples: ['test flowers.vitune-test.json', 'test flowers.vitune.json --only accuracy --junit results.xml'],
  }),
  inspect: row({
    summary: () => l10n.t('Shows what a dataset contains and what is wrong with it.'),
    operand: {
      placeholder: 'DATASET_OR_CONFIG_OR_ONNX',
      help: () =>
        l10n.t('A folder of images, a label file, hub:owner/name, a config file, or an ONNX file to find features in.'),
      min: 1,
      max: 1,
    },
    options: {
      background: flag(() =>
        l10n.t('Runs at low priority, and with --json reports the classes at once and then its progress.'),
      ),
      json,
    },
    examples: ['inspect photos', 'inspect flowers.vitune.json', 'inspect model.onnx'],
  }),
  audit: row({
    summary: () => l10n.t('Finds wrong labels, duplicates, leaks between splits and odd images in a dataset.'),
    operand: {
      placeholder: 'DATASET_OR_CONFIG',
      help: () => l10n.t('A folder of labelled images, a label file, hub:owner/name, or a config file.'),
      min: 1,
      max: 1,
    },
    options: {
      model: featureModel,
      json,
    },
    examples: ['audit photos', 'audit flowers.vitune.json --json'],
  }),
  map: row({
    summary: () => l10n.t('Places all images of a dataset in the plane, alike ones near each other.'),
    operand: {
      placeholder: 'DATASET_OR_CONFIG',
      help: () => l10n.t('A folder of labelled images, a label file, hub:owner/name, or a config file.'),
      min: 1,
      max: 1,
    },
    options: {
      model: text({ placeholder: 'MODEL', example: 'embedded' }, () =>
        l10n.t('The model whose features describe the images: a name, folder, checkpoint or run. Default: embedded.'),
      ),
      list: text({ placeholder: 'FILE', example: 'map.images' }, () =>
        l10n.t('Writes the map to a file that the editor shows, in place of the points.'),
      ),
      json,
    },
    examples: ['map photos', 'map flowers.vitune.json --json'],
  }),
  group: row({
    summary: () => l10n.t('Groups images without classes by what they show, so that groups can be named.'),
    operand: unlabelled,
    options: {
      model: featureModel,
      groups: several({ placeholder: 'N', example: '5' }, () =>
        l10n.t('How many groups. Default: the number that separates the images best.'),
      ),
      list: imageList,
      json,
    },
    examples: ['group photos', 'group photos --groups 5'],
  }),
  'label-next': row({
    summary: () => l10n.t('Shows which images without a class would teach the most if they had one.'),
    operand: unlabelled,
    options: {
      model: featureModel,
      count: count(20, { placeholder: 'N', example: '20' }, () => l10n.t('How many images to show.')),
      list: imageList,
      json,
    },
    examples: ['label-next photos', 'label-next photos --count 50'],
  }),
  suggest: row({
    summary: () => l10n.t('Suggests a class for each image without one, with how sure it is. Nothing is moved.'),
    operand: unlabelled,
    options: {
      checkpoint: text({ placeholder: 'RUN_OR_CHECKPOINT', example: 'runs/flowers' }, () =>
        l10n.t('A run or checkpoint that knows the classes. Default: what the images in class folders teach.'),
      ),
      model: featureModel,
      list: imageList,
      json,
    },
    examples: ['suggest photos', 'suggest photos --checkpoint runs/flowers'],
  }),
  advise: row({
    summary: () => l10n.t('Measures which model and method suit a dataset, and what accuracy to expect.'),
    operand: {
      placeholder: 'DATASET_OR_CONFIG',
      help: () => l10n.t('A folder of labelled images, a label file, hub:owner/name, or a config file.'),
      min: 1,
      max: 1,
    },
    options: {
      model: list({ placeholder: 'MODEL', example: 'embedded' }, () =>
        l10n.t('A model to measure: a name, a folder or an ONNX file. May be given several times. Default: embedded.'),
      ),
      json,
    },
    examples: ['advise photos', 'advise photos --model embedded --model models/dinov2-small'],
  }),
  export: row({
    summary: () => l10n.t('Writes a checkpoint in a format that other programs read.'),
    options: {
      checkpoint,
      format: choice(exportFormatNames, 'onnx', () =>
        l10n.t('ONNX for ONNX Runtime, a whole transformers model, or a PEFT adapter.'),
      ),
      output: text({ placeholder: 'FOLDER', example: 'exported' }, () =>
        l10n.t('The new folder to write. It must be empty or not exist yet.'),
      ),
      precision: choice(precisionNames, 'int8', () =>
        l10n.t('Of ONNX: how many bits the weights have. The file is then measured on labelled images.'),
      ),
      'max-loss': points(() =>
        l10n.t(
          'Points of accuracy that the precision may cost on the validation images; layers that hurt stay wider. Default: 0.5, for int4 1.5.',
        ),
      ),
      ladder: flag(() => l10n.t('Compares all precisions of ONNX; with --output it also keeps each in a folder.')),
      list: text({ placeholder: 'FILE', example: 'changed.images' }, () =>
        l10n.t('Writes the images whose prediction changed to a file that the editor shows.'),
      ),
      dataset: text({ placeholder: 'FOLDER', example: 'photos' }, () =>
        l10n.t("Images to compare the export's predictions on. Default: the run's own."),
      ),
      json,
    },
    examples: [
      'export --checkpoint runs/flowers --format onnx --output exported',
      'export --checkpoint runs/flowers --format onnx --precision int8 --output exported',
      'export --checkpoint runs/flowers --ladder',
    ],
  }),
  compare: row({
    summary: () => l10n.t('Trains several methods on one dataset and split, and compares them.'),
    options: {
      dataset: requiredText({ placeholder: 'FOLDER', example: 'photos' }, () =>
        l10n.t('A folder of labelled images, a label file, or hub:owner/name.'),
      ),
      methods: text({ placeholder: 'NAME,NAME...', example: 'head,lora' }, () =>
        l10n.t('The methods to compare. Default: all.'),
      ),
      seeds: count(1, { placeholder: 'N', example: '3' }, () =>
        l10n.t('Trains each method with so many seeds on the same validation images, and shows the spread.'),
      ),
      set,
      output: text({ placeholder: 'FOLDER', example: 'runs/compare-photos' }, () =>
        l10n.t('The folder of the comparison. Default: runs/compare-DATASET.'),
      ),
      json,
    },
    examples: ['compare --dataset photos --methods head,lora --set epochs=3', 'compare --dataset photos --seeds 3'],
  }),
  models: row({
    summary: () => l10n.t('Lists recommended models, with size, licence and purpose, and those in the cache.'),
    options: { json },
    examples: ['models'],
  }),
  download: row({
    summary: () => l10n.t('Downloads a model or a dataset from the Hugging Face hub into its cache.'),
    operand: {
      placeholder: 'NAME[@REVISION]',
      help: () => l10n.t('A name on the hub, such as owner/name; a branch, tag or commit may follow.'),
      min: 0,
      max: 1,
    },
    options: {
      // Here --dataset says what the name is; elsewhere it takes a folder.
      dataset: flag(() => l10n.t('The name is that of a dataset.')),
      list: flag(() => l10n.t('Lists the models in the cache instead.')),
      json,
    },
    examples: ['download WinKawaks/vit-tiny-patch16-224', 'download owner/photos --dataset', 'download --list'],
  }),
  doctor: row({
    summary: () => l10n.t('Shows the devices of this machine, and why one cannot be used.'),
    options: { json },
    examples: ['doctor'],
  }),
  cuda: row({
    summary: () => l10n.t("Shows, installs or removes ONNX Runtime's part for NVIDIA cards (CUDA)."),
    operand: {
      placeholder: cudaActions.join('|'),
      help: () => l10n.t('What to do.'),
      min: 1,
      max: 1,
      choices: cudaActions,
    },
    options: {
      yes: flag(() => l10n.t('Downloads without asking.')),
      anyway: flag(() => l10n.t('Installs it also where no card can use it yet, as when a container is built.')),
      file: text({ placeholder: 'FILE', example: 'package.whl' }, () =>
        l10n.t('The package, where it was downloaded before. Default: it is downloaded from a Python package index.'),
      ),
      index: text({ placeholder: 'URL', example: 'https://mirror.example/simple' }, () =>
        l10n.t('The Python package index. Default: that in VITUNE_PACKAGE_INDEX or PIP_INDEX_URL.'),
      ),
      json,
    },
    examples: ['cuda status', 'cuda install --yes', 'cuda remove'],
  }),
  cache: row({
    summary: () => l10n.t('Shows how much the caches of images and features take.'),
    options: { clear: flag(() => l10n.t('Empties the caches.')), json },
    examples: ['cache', 'cache --clear'],
  }),
  completion: row({
    summary: () => l10n.t('Prints a script that completes commands and options in a shell.'),
    operand: {
      placeholder: shells.join('|'),
      help: () => l10n.t('The shell.'),
      min: 1,
      max: 1,
      choices: shells,
    },
    options: { json },
    examples: ['completion bash'],
  }),
} as const;

export type CommandName = keyof typeof commands;

export const commandNames = Object.keys(commands) as CommandName[];

export const isCommand = (name: string): name is CommandName => Object.hasOwn(commands, name);

type OptionsOf<Name extends CommandName> = (typeof commands)[Name]['options'];

/** What a command receives: its options by name, and its other arguments. */
export type Arguments<Name extends CommandName> = { operands: readonly string[] } & {
  -readonly [Key in keyof OptionsOf<Name>]: OptionsOf<Name>[Key] extends Option<infer Value> ? Value : never;
};
