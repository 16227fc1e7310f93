/** `vitune group`, `vitune label-next` and `vitune suggest`: from images without classes to a dataset. */
import { relative, resolve } from 'node:path';
import * as l10n from '@vscode/l10n';
import { looseImagesOf } from '../data/looseImages.js';
import { writeImageList } from '../data/datasetList.js';
import { errors } from '../errors/errors.js';
import { Classifier } from '../inference/classifier.js';
import type { AuditOptions } from '../insight/audit.js';
import { groupImages, rankImages, sorted, suggestClasses, type Suggested } from '../insight/fromNothing.js';
import { groupList, rankedList, suggestionList } from '../insight/unlabelledLists.js';
import type { AuditProgress, CommandOutputs, Suggestion } from '../protocol.js';
import { resolveCheckpoint } from '../runs/runFolder.js';
import { auditWatching } from './auditProgress.js';
import type { Arguments } from './commands.js';
import { usageOf } from './help.js';
import { percent, table, type Output } from './output.js';
import { modelReference, openNamedModel } from './subject.js';

async function optionsOf(
  named: string | undefined,
  output: Output<AuditProgress>,
  signal: AbortSignal,
): Promise<AuditOptions> {
  const model = await openNamedModel(await modelReference(named ?? 'embedded'), output, signal);
  return { model, ...auditWatching(output, signal) };
}

export async function group(
  { operands, model, groups: wanted, list }: Arguments<'group'>,
  output: Output<CommandOutputs['group']>,
  signal: AbortSignal,
): Promise<void> {
  const folder = resolve(operands[0]!);
  const { root, groups, ...whole } = await groupImages(folder, wanted, await optionsOf(model, output, signal));
  if (list !== undefined) await writeImageList(resolve(list), groupList(groups));
  for (const each of groups) output.json(each);
  output.json({ type: 'groups', folder: root, groups: groups.length, ...whole });
  const row = (each: string): string => relative(root, each);
  output.line(l10n.t('{0} images in {1} groups, the most typical of each:', whole.images, groups.length));
  const rows = groups.map((each) => [String(each.group), String(each.paths.length), each.typical.map(row).join(', ')]);
  output.line(table([[l10n.t('group'), l10n.t('images'), l10n.t('typical')], ...rows]));
}

export async function labelNext(
  { operands, model, count, list }: Arguments<'label-next'>,
  output: Output<CommandOutputs['label-next']>,
  signal: AbortSignal,
): Promise<void> {
  const folder = resolve(operands[0]!);
  const { root, next, ...whole } = await rankImages(folder, count, await optionsOf(model, output, signal));
  if (list !== undefined) await writeImageList(resolve(list), rankedList(next));
  for (const each of next) output.json(each);
  output.json({ type: 'ranked', folder: root, ...whole });
  output.line(l10n.t('{0} images have a class, {1} have none. Label these next:', whole.labelled, whole.images));
  for (const { path } of next) output.line(`  ${relative(root, path)}`);
}

export async function suggest(
  { operands, model, checkpoint, list }: Arguments<'suggest'>,
  output: Output<CommandOutputs['suggest']>,
  signal: AbortSignal,
): Promise<void> {
  if (checkpoint !== undefined && model !== undefined)
    throw errors.usage(l10n.t('--{0} and --{1} exclude each other.', 'checkpoint', 'model'), usageOf('suggest'));
  const folder = resolve(operands[0]!);
  const { root, suggestions, labels } =
    checkpoint === undefined
      ? await suggestClasses(folder, await optionsOf(model, output, signal))
      : await byCheckpoint(folder, checkpoint, auditWatching(output, signal));
  if (list !== undefined) await writeImageList(resolve(list), suggestionList(suggestions, labels));
  for (const each of suggestions) output.json(each);
  const unknown = suggestions.filter(({ label }) => label === null).length;
  output.json({ type: 'suggestions', folder: root, suggested: suggestions.length - unknown, unknown, labels });
  for (const { path, label, confidence } of suggestions)
    output.line(
      label === null
        ? `           ${relative(root, path)}: ${l10n.t('unlike all labelled images')}`
        : `  ${percent(confidence).padStart(7)}  ${relative(root, path)}: ${label}`,
    );
}

/** What a checkpoint answers of the images without a class; those that it does not know have no suggestion. */
async function byCheckpoint(
  folder: string,
  named: string,
  { signal, onProgress, onNotice }: Omit<AuditOptions, 'model'>,
): Promise<Suggested> {
  const checkpoint = await resolveCheckpoint(named);
  const { dataset, loose } = await looseImagesOf(folder, signal);
  const classifier = await Classifier.open(checkpoint, 'many');
  try {
    const [task] = classifier.tasks;
    if (classifier.tasks.length > 1 || task!.multiLabel) throw errors.fromNothing.severalTasks(checkpoint);
    for (const notice of classifier.notices) onNotice(notice.toInfo());
    if (!classifier.knowsUnknown) onNotice(errors.fromNothing.knowsNoUnknown(checkpoint).toInfo());
    const suggestions: Suggestion[] = [];
    let done = 0;
    for await (const result of classifier.classify(loose, { top: 1 }, signal)) {
      onProgress('features', ++done, loose.length);
      if ('error' in result) onNotice(result.error);
      else {
        const [{ label, probability }] = result.predictions as [(typeof result.predictions)[0]];
        const isUnknown = result.unknown?.isUnknown ?? false;
        suggestions.push({
          type: 'suggestion',
          path: result.path,
          label: isUnknown ? null : label,
          confidence: probability,
        });
      }
    }
    if (!suggestions.length) throw errors.noReadableImages(dataset.root);
    return { root: dataset.root, suggestions: sorted(suggestions), labels: task!.labels };
  } finally {
    await classifier.dispose();
  }
}
