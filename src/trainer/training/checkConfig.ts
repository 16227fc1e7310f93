/**
 * `vitune check`: what is wrong in a config, and what it comes to, by names of files and shapes of weights alone: no
 * image is read, nothing is computed, nothing is downloaded.
 */
import { nearestName } from '../../shared/nearestName.js';
import type { KeyPath } from '../config/configText.js';
import { at } from '../config/explain.js';
import { nearest, renameTo, schemaFixes, setTo } from '../config/fixes.js';
import { configJsonSchema } from '../config/jsonSchema.js';
import { loadDraft } from '../config/lenient.js';
import type { LoadedConfig } from '../config/load.js';
import { takesSteps } from '../config/methods.js';
import { countLabels, logitNames } from '../core/tasks.js';
import type { Dataset } from '../data/dataset.js';
import { errors, UserError } from '../errors/errors.js';
import { openUnhashed, type BaseModel } from '../models/baseModel.js';
import { inspectionOf } from '../models/inspectModel.js';
import type { ConfigCheck, ConfigFix, ConfigProblem, SplitName } from '../protocol.js';
import { findDatasetOf, nearestFolder } from './checkDataset.js';
import { defaultsOf } from './configDefaults.js';
import { lossSpecOf } from './lossSpecOf.js';
import { planOf } from './plan.js';
import { prepareNetwork } from './prepareNetwork.js';
import { trainingName } from './trainingName.js';

type OpenModel = Pick<BaseModel, 'config' | 'preprocessor' | 'weights' | 'requireWeight'>;

/**
 * Checks `text`, by default what is in the file.
 * @throws UserError where the file cannot be read.
 */
export async function checkConfig(
  path: string,
  text: string | undefined,
  signal: AbortSignal,
): Promise<Omit<ConfigCheck, 'type'>> {
  const { faults, loaded, namesDataset } = await loadDraft(path, text);
  const schema = configJsonSchema();
  const problems: ConfigProblem[] = faults.map((fault) =>
    problemOf(fault.error, schemaFixes(fault, schema, loaded?.text.value)),
  );
  if (!loaded) return { problems, defaults: {} };
  const note = (error: UserError, fixes: ConfigFix[] = [], isWarning = false): void =>
    void problems.push(problemOf(error, fixes, isWarning));

  const base = await openModelOf(loaded, note);
  const model = base && inspectionOf(base);
  const found = namesDataset ? await findDatasetOf(loaded, signal) : {};
  if (found.problem) problems.push(found.problem);
  const { dataset } = found;
  if (base) checkNetwork(loaded, base, dataset, note);
  if (dataset) checkLabels(loaded, dataset, note);
  const images = dataset && imagesOf(dataset);
  const plan = images && planFor(loaded, images.train, model?.width, note);
  return {
    problems,
    ...(model && { model }),
    ...(dataset &&
      images && {
        dataset: { name: JSON.stringify(loaded.config.dataset), images, tasks: dataset.tasks },
        training: trainingName(loaded.config, dataset),
      }),
    ...(found.columns && { columns: found.columns }),
    ...(plan && { plan }),
    defaults: defaultsOf(loaded, model, plan),
  };
}

const problemOf = (error: UserError, fixes: ConfigFix[], isWarning = false): ConfigProblem => ({
  ...error.toInfo(),
  fixes,
  isWarning,
});

type Note = (error: UserError, fixes?: ConfigFix[], isWarning?: boolean) => void;

/**
 * The model with images of its own size; undefined where it cannot be opened. A model of the hub that is not here is
 * none of the config's faults: a training downloads it.
 */
async function openModelOf(loaded: LoadedConfig, note: Note): Promise<OpenModel | undefined> {
  const { config, placeOf } = loaded;
  const { imageSize, ...rest } = config;
  const open = (size: { imageSize?: number }): Promise<OpenModel> =>
    openUnhashed({ ...rest, ...size, place: placeOf('model'), outputPlace: placeOf('featureOutput') });
  const model = await refused(
    () => open({}),
    async (error) => {
      if (error.code === 'MODEL_NOT_CACHED') return;
      const given = at(loaded.text.value, ['model']);
      const fixes = error.code === 'MODEL_NOT_FOUND' ? await nearestFolder(['model'], String(given), config.model) : [];
      note(error.place.line === undefined ? error.at(placeOf('model')) : error, fixes);
    },
  );
  if (model && imageSize !== undefined)
    await refused(
      () => open({ imageSize }),
      (error) => {
        const [size, patch] = error.said.message.args.map(Number) as [number, number];
        const side = error.code === 'IMAGE_SIZE_INVALID' ? Math.max(1, Math.round(size / patch)) * patch : undefined;
        note(error.at(placeOf('imageSize')), side === undefined ? [] : [setTo(['imageSize'], side)]);
      },
    );
  return model;
}

/** What `work` gives; undefined after it was refused with words for the user. */
async function refused<T>(
  work: () => Promise<T>,
  onRefusal: (error: UserError) => Promise<void> | void,
): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    await onRefusal(error);
    return undefined;
  }
}

/** Holds the method against the network. */
function checkNetwork(loaded: LoadedConfig, base: OpenModel, dataset: Dataset | undefined, note: Note): void {
  try {
    prepareNetwork(loaded, base, dataset ? countLabels(dataset.tasks) : 2);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    const { path, fixes } = methodMending(error, loaded.text.value, inspectionOf(base).layers);
    note(path ? error.at(loaded.text.placeOfValue(path)) : error, fixes);
  }
}

/** What mends an error of the method, and a place that says more than the error's own. */
function methodMending(
  { code, said }: UserError,
  value: unknown,
  layers: readonly string[],
): { path?: KeyPath; fixes: ConfigFix[] } {
  const { args } = said.message;
  switch (code) {
    case 'TARGET_MODULES_UNMATCHED': {
      const list: KeyPath = ['method', 'targetModules'];
      const given = at(value, list);
      if (!Array.isArray(given)) return { fixes: [] };
      const [first, ...rest] = String(args[0])
        .split(', ')
        .map((name): KeyPath => [...list, given.indexOf(name)]);
      // The words of all families, and the names in this model.
      const known = [...layers, ...String(said.remedy.args[0]).split(', ')];
      const fixes = [first!, ...rest].flatMap((path) => nearest(path, at(value, path), known));
      return { ...(at(value, first!) !== undefined && { path: first! }), fixes };
    }
    case 'LORA_RANK_TOO_LARGE':
      return { fixes: [setTo(['method', 'rank'], Number(args[2]))] };
    default:
      return { fixes: [] };
  }
}

/** Labels that the config names beside the dataset. */
function checkLabels(loaded: LoadedConfig, { tasks, splits }: Dataset, note: Note): void {
  const { config, text } = loaded;
  const labels = logitNames(tasks);
  const renamed = (path: KeyPath, label: string): ConfigFix[] => {
    const name = nearestName(label, labels);
    return name === undefined ? [] : [renameTo([...path, label], name)];
  };
  try {
    lossSpecOf(loaded, tasks, splits.train);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    const [label] = error.said.message.args;
    if (error.code !== 'CLASS_WEIGHTS_LABEL') note(error);
    else note(error.at(text.placeOfKey(['classWeights', String(label)])), renamed(['classWeights'], String(label)));
  }
  const { classAccuracy = {}, right = {} } = config.tests ?? {};
  for (const label of Object.keys(classAccuracy).filter((each) => !labels.includes(each))) {
    const path = ['tests', 'classAccuracy'];
    const place = text.placeOfKey([...path, label]);
    note(errors.tests.classUnknown(place, label, nearestName(label, labels), labels), renamed(path, label));
  }
  for (const [image, label] of Object.entries(
    (at(text.value, ['tests', 'right']) ?? right) as Record<string, string>,
  )) {
    if (labels.includes(label)) continue;
    const path = ['tests', 'right', image];
    const place = text.placeOfValue(path);
    note(errors.tests.classUnknown(place, label, nearestName(label, labels), labels), nearest(path, label, labels));
  }
}

const imagesOf = ({ splits: { train, validation, test } }: Dataset): Record<SplitName, number> => ({
  train: train.length,
  validation: validation.length,
  test: test.length,
});

/** The steps; nothing where the batch size is found by a trial. */
function planFor(
  { config, placeOf, text }: LoadedConfig,
  images: number,
  width = 1,
  note: Note,
): ConfigCheck['plan'] | undefined {
  const { batchSize } = config;
  if (typeof batchSize !== 'number') return undefined;
  const resolved = {
    ...config,
    batchSize,
    evalBatchSize: config.evalBatchSize ?? batchSize,
    gradientCheckpointing: false,
  };
  const { totalSteps, stepsPerEpoch, evaluations, saves } = planOf(resolved, images, width);
  const isChosen = at(text.value, ['batchSize']) !== undefined;
  if (isChosen && takesSteps(config.method) && batchSize >= images && images > 1) {
    const smaller = 2 ** Math.floor(Math.log2(Math.max(1, images / 4)));
    const error = errors.batchBeyondImages(batchSize, images, smaller, placeOf('batchSize'));
    note(error, [setTo(['batchSize'], smaller)], true);
  }
  return { steps: totalSteps, stepsPerEpoch, evaluations, checkpoints: saves, batchSize };
}
