/** What a config may start from: the models at hand, and the models and whole checkpoints of the workspace. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import * as vscode from 'vscode';
import type { ListedModel } from '../../trainer/protocol.js';
import { formats } from '../formats.js';
import type { RunStore } from '../runs/runStore.js';
import type { Launch } from '../trainer/launch.js';
import { outputOf, runCommand } from '../trainer/runCommand.js';
import { modelChoices } from '../trainPanel/modelChoices.js';
import { pathInConfig } from './configFile.js';

const { t } = vscode.l10n;

export interface StartingPoint {
  /** As a config in the folder says it. */
  value: string;
  /** A few words, and all that is known. */
  detail: string;
  more: string;
  /** Whether a training downloads it first. */
  isAway: boolean;
  isCheckpoint: boolean;
}

/** For so long the models of the cache are taken for what they were, in milliseconds. */
const fresh = 30_000;
/** More files than these are not looked through. */
const mostFiles = 200;

/** Where the model lies that comes with ViTune. */
export const embeddedFolder = (extension: vscode.Uri): string =>
  vscode.Uri.joinPath(extension, 'media', 'embedded').fsPath;

export class StartingPoints {
  #listed: { at: number; models: Promise<ListedModel[]> } | undefined;

  /** `embedded` is the folder of the model that comes with ViTune. */
  constructor(
    private readonly launch: Launch,
    private readonly runs: RunStore,
    private readonly embedded: string,
  ) {}

  /** Those for a config in this folder: checkpoints after models, and what must be downloaded last. */
  async in(folder: string): Promise<StartingPoint[]> {
    const listed = await this.#models();
    const here = listed.filter(({ isHere }) => isHere);
    const found = await modelsInWorkspace();
    const checkpoints = this.#checkpoints();
    const models = found.filter((path) => !checkpoints.has(path));
    const cached = here.flatMap((each) => (each.folder ? [{ id: each.model, folder: each.folder }] : []));
    const choices = await modelChoices(this.embedded, [...models, ...checkpoints.keys()], cached, new Map());
    const value = (path: string) => {
      const way = pathInConfig(folder, path);
      return /^\.{0,2}\//.test(way) || way.includes(':') ? way : `./${way}`;
    };
    return [
      ...choices.map((each) => {
        const isPath = models.includes(each.value) || checkpoints.has(each.value);
        const checkpoint = checkpoints.get(each.value);
        return {
          value: isPath ? value(each.value) : each.value,
          detail: checkpoint?.detail ?? (each.value === 'embedded' ? t('comes with ViTune') : t('at hand')),
          more: [checkpoint?.more, each.detail].filter(Boolean).join('\n\n'),
          isAway: false,
          isCheckpoint: checkpoints.has(each.value),
        };
      }),
      ...listed.filter(({ isHere }) => !isHere).map(away),
    ];
  }

  #models(): Promise<ListedModel[]> {
    if (!this.#listed || performance.now() - this.#listed.at > fresh) {
      const models = runCommand(this.launch, 'models', { args: [] }).then(
        (outputs) => outputOf(outputs, 'models').models,
      );
      // A failure is not remembered.
      models.catch(() => (this.#listed = undefined));
      this.#listed = { at: performance.now(), models };
    }
    return this.#listed.models;
  }

  /** Checkpoints that hold a whole model, with words; an adapter alone is no model to start from. */
  #checkpoints(): Map<string, { detail: string; more: string }> {
    const whole = this.runs.runs.flatMap((run) =>
      run.checkpoints
        .filter(({ path }) => isWhole(path))
        .map(({ path, step, best }): [string, { detail: string; more: string }] => {
          const accuracy = best ? run.summary.best?.accuracy : undefined;
          const more = t('Checkpoint of “{0}”, step {1}', run.info.name, formats().integer(step));
          const detail = accuracy === undefined ? t('checkpoint') : t('checkpoint, {0}', formats().percent(accuracy));
          return [path, { detail, more }];
        }),
    );
    return new Map(whole);
  }
}

const isWhole = (folder: string): boolean =>
  existsSync(join(folder, 'config.json')) &&
  ['model.safetensors', 'model.safetensors.index.json'].some((weights) => existsSync(join(folder, weights)));

function away({ model, bytes, purpose = '' }: ListedModel): StartingPoint {
  const size = bytes === undefined ? '' : formats().bytes(bytes);
  const more = `${t('A training downloads it first.')} ${purpose}`;
  return { value: model, detail: t('{0} to download', size), more, isAway: true, isCheckpoint: false };
}

/** Folders in Hugging Face format, and ONNX files. */
async function modelsInWorkspace(): Promise<string[]> {
  const [configs, files] = await Promise.all(
    ['**/config.json', '**/*.onnx'].map((pattern) =>
      vscode.workspace.findFiles(pattern, '**/{node_modules,.git}/**', mostFiles),
    ),
  );
  const folders = configs!.map(({ fsPath }) => dirname(fsPath)).filter(isWhole);
  const alone = files!.map(({ fsPath }) => fsPath).filter((file) => !folders.includes(dirname(file)));
  return [...folders.sort(), ...alone.sort()];
}
