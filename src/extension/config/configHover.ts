/** Hovers of a config: the default of a key in this config, what its value comes to, and the advice for its dataset. */
import * as vscode from 'vscode';
import type { ConfigCheck } from '../../trainer/protocol.js';
import { commands } from '../contributions.js';
import { formats } from '../formats.js';
import { plainMarkdown } from '../plainText.js';
import type { ConfigChecks } from './configChecks.js';
import { keyUnder } from './configPlace.js';
import { rangeOf } from './configProblems.js';
import type { Measured } from './measured.js';
import { adviceWords, estimateWords } from './measuredWords.js';

const { t } = vscode.l10n;

/** Keys that advice says something about. */
const advised = new Set(['dataset', 'model', 'method', 'method.type', 'epochs', 'learningRate']);
/** Keys that time and memory depend on most. */
const estimated = new Set(['epochs', 'maxSteps', 'batchSize']);

export class ConfigHover implements vscode.HoverProvider {
  constructor(
    private readonly checks: ConfigChecks,
    private readonly measured: Measured,
  ) {}

  provideHover(document: vscode.TextDocument, position: vscode.Position): vscode.Hover | undefined {
    const check = this.checks.of(document);
    const found = keyUnder(document.getText(), document.offsetAt(position));
    if (!check || !found) return undefined;
    const key = found.path.filter((each) => typeof each === 'string').join('.');
    const words = new vscode.MarkdownString();
    words.isTrusted = { enabledCommands: [commands.adviseConfig, commands.estimateConfig] };
    words.supportThemeIcons = true;
    appendDefault(words, key, check);
    for (const fact of factsOf(key, check)) words.appendMarkdown(`\n\n${plainMarkdown(fact)}`);
    if (estimated.has(key)) this.#appendEstimate(words, document, check);
    if (advised.has(key)) this.#appendAdvice(words, document, check);
    return words.value === '' ? undefined : new vscode.Hover(words, rangeOf(document, found));
  }

  #appendEstimate(words: vscode.MarkdownString, document: vscode.TextDocument, { training }: ConfigCheck): void {
    const estimate = this.measured.estimateOf(training);
    words.appendMarkdown('\n\n$(dashboard) ');
    if (estimate) words.appendMarkdown(plainMarkdown(estimateWords(estimate)));
    else words.appendMarkdown(linkTo(t('Estimate time and memory'), commands.estimateConfig, document));
  }

  #appendAdvice(words: vscode.MarkdownString, document: vscode.TextDocument, { dataset }: ConfigCheck): void {
    if (!dataset) return;
    const advice = this.measured.adviceOn(dataset.name);
    words.appendMarkdown('\n\n$(lightbulb) ');
    if (!advice)
      return void words.appendMarkdown(
        linkTo(t('Measure which model and method suit this dataset'), commands.adviseConfig, document),
      );
    words.appendMarkdown(plainMarkdown(adviceWords(advice)));
    for (const reason of advice.reasons) words.appendMarkdown(`\n- ${plainMarkdown(reason)}`);
  }
}

/** Our own words; nothing in them is from outside. */
function linkTo(words: string, command: string, { uri }: vscode.TextDocument): string {
  return `[${words}](command:${command}?${encodeURIComponent(JSON.stringify([uri.toJSON()]))})`;
}

function appendDefault(words: vscode.MarkdownString, key: string, { defaults }: ConfigCheck): void {
  const usual = defaults[key === 'method.type' ? 'method' : key];
  if (!usual) return;
  words.appendMarkdown(`**${t('Default in this config:')}** `);
  // Values of the schema, or numbers: as a config has them.
  words.appendMarkdown(`\`${JSON.stringify(usual.value)}\``);
  if (usual.reason !== undefined) words.appendMarkdown(` — ${plainMarkdown(usual.reason)}`);
}

/** What the value of a key comes to here, a sentence each. */
function factsOf(key: string, { model, dataset, columns, plan, defaults }: ConfigCheck): string[] {
  const integer = (value: number) => formats().integer(value);
  switch (key) {
    case 'dataset':
    case 'dataset.folder':
    case 'dataset.train': {
      if (!dataset) return [];
      const { train, validation, test } = dataset.images;
      const classes = dataset.tasks.reduce((sum, { labels }) => sum + labels.length, 0);
      return [
        t(
          '{0} images to train on, {1} to validate on, {2} to test on; {3} classes',
          integer(train),
          integer(validation),
          integer(test),
          classes,
        ),
        ...(columns ? [t('Columns: {0}', columns.join(', '))] : []),
      ];
    }
    case 'model':
      return model
        ? [
            t(
              '{0}: {1} blocks of width {2}, images of {3} px',
              model.family,
              model.blocks,
              model.width,
              model.imageSize,
            ),
          ]
        : [t('A training downloads it first.')];
    case 'method':
    case 'method.type': {
      const rate = defaults.learningRate;
      return rate?.reason === undefined
        ? []
        : [`${t('Default learning rate: {0}.', String(rate.value))} ${rate.reason}`];
    }
    case 'method.targetModules':
      return model ? [t('Layers of this model: {0}', model.layers.join(', '))] : [];
    case 'epochs':
    case 'maxSteps':
    case 'batchSize':
      return plan?.steps ? [t('{0} steps; {1} in an epoch', integer(plan.steps), integer(plan.stepsPerEpoch))] : [];
    default:
      return [];
  }
}
