/** The view "Train" in the side bar: keeps the form, starts and follows runs, tells the view what changed. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import * as vscode from 'vscode';
import type { ErrorInfo } from '../../trainer/protocol.js';
import type { DatasetChoice, DeviceChoice, FromTrainPanel, RunSummary, TrainForm, TrainPanelState } from '../../webview/protocol.js';
import { keepConfig, configPathFor, configText } from '../config/configFile.js';
import { commands, configEnding, views } from '../contributions.js';
import { imagesIn, type DatasetStore } from '../datasets/datasetStore.js';
import { infoOf, isCancel } from '../errors/showError.js';
import type { RunStore } from '../runs/runStore.js';
import type { Training } from '../trainer/training.js';
import { showPage, type Page } from '../webviews/page.js';
import { methodChoices, numberRules, targetModules, type Schema } from './formRules.js';
import { modelChoices } from './modelChoices.js';

const { t } = vscode.l10n;
const formKey = 'form';
const modelsKey = 'models';

export interface TrainPanelParts {
  context: vscode.ExtensionContext;
  memory: vscode.Memento;
  datasets: DatasetStore;
  runs: RunStore;
  training: Training;
  devices: () => Promise<DeviceChoice[]>;
  /** Where configs go that the form starts from. */
  configFolder: () => string;
}

export class TrainPanel implements vscode.WebviewViewProvider, vscode.Disposable {
  readonly #subscriptions: vscode.Disposable[];
  #page: Page<{ type: 'patch'; state: Partial<TrainPanelState> }> | undefined;
  #error: ErrorInfo | null = null;
  /** The run that is being started, until its trainer says that it has begun. */
  #starting: RunSummary | undefined;
  #dismissed: string | undefined;
  #waiting: NodeJS.Timeout | undefined;
  #devices: DeviceChoice[] | undefined;

  constructor(private readonly parts: TrainPanelParts) {
    const { runs, datasets, training } = parts;
    this.#subscriptions = [
      runs.onChange(() => this.#runChanged()),
      datasets.onChange(() => void this.#datasetsChanged()),
      training.onAccepted(() => this.#setError(null)),
      training.onFailed((error) => !isCancel(error) && this.#setError(infoOf(error))),
    ];
  }

  /** Shows the panel, with a dataset chosen if one is given. */
  async open(dataset?: string): Promise<void> {
    if (dataset !== undefined) await this.#setForm({ ...this.#form, dataset });
    await vscode.commands.executeCommand(`${views.train}.focus`);
  }

  resolveWebviewView(view: vscode.WebviewView): void {
    const page = showPage<TrainPanelState, FromTrainPanel>(view.webview, {
      view: 'trainPanel',
      extension: this.parts.context.extensionUri,
      state: () => this.#state(),
      onMessage: (message) => this.#receive(message),
    });
    this.#page = page;
    view.onDidDispose(() => {
      page.dispose();
      if (this.#page === page) this.#page = undefined;
    });
    for (const folder of this.parts.datasets.folders) this.parts.datasets.look(folder);
  }

  dispose(): void {
    clearTimeout(this.#waiting);
    vscode.Disposable.from(...this.#subscriptions).dispose();
  }

  get #form(): TrainForm {
    return this.parts.memory.get<TrainForm>(formKey, { method: { type: 'lora' } });
  }

  async #setForm(form: TrainForm): Promise<void> {
    await this.parts.memory.update(formKey, form);
    this.#patch({ form });
  }

  async #state(): Promise<TrainPanelState> {
    const schema = await this.#schema();
    if (!this.#devices) void this.#findDevices();
    return {
      form: this.#form,
      datasets: this.#datasets(),
      models: await this.#models(),
      devices: this.#devices ?? [{ value: 'auto' }],
      targetModules,
      rules: numberRules(schema),
      methods: methodChoices(schema),
      ...this.#live(),
    };
  }

  /** The config's schema, in the language of the editor where there is one. */
  async #schema(): Promise<Schema> {
    const folder = vscode.Uri.joinPath(this.parts.context.extensionUri, 'dist', 'schema').fsPath;
    const ofLanguage = join(folder, `vitune.schema.${vscode.env.language}.json`);
    return JSON.parse(await readFile(existsSync(ofLanguage) ? ofLanguage : join(folder, 'vitune.schema.json'), 'utf8')) as Schema;
  }

  /** What changes while a run goes on. */
  #live(): Pick<TrainPanelState, 'run' | 'error' | 'notice'> {
    const run = this.parts.runs.current;
    const notice = run?.progress.notice;
    const error = this.#error ?? (run && !run.busy ? (run.progress.error ?? null) : null);
    return {
      run: (run?.busy ? undefined : this.#starting) ?? run?.summary ?? null,
      error: error && this.#dismissed === error.message ? null : error,
      notice: notice && this.#dismissed !== notice.message ? { message: notice.message, remedy: notice.remedy } : null,
    };
  }

  #datasets(): DatasetChoice[] {
    return this.parts.datasets.folders.map((folder) => {
      const known = this.parts.datasets.knowledgeOf(folder);
      const { inspection, error } = known ?? {};
      return {
        folder,
        name: basename(folder),
        ...(error ? { error } : {}),
        ...(inspection ? { inspection: { classes: inspection.labels.length, images: imagesIn(inspection), problems: inspection.problems.length } } : {}),
      };
    });
  }

  #models() {
    const { context, memory } = this.parts;
    return modelChoices(vscode.Uri.joinPath(context.extensionUri, 'media', 'embedded').fsPath, memory.get<string[]>(modelsKey, []));
  }

  async #findDevices(): Promise<void> {
    this.#devices = [{ value: 'auto' }];
    this.#devices = await this.parts.devices();
    this.#patch({ devices: this.#devices });
  }

  #patch(state: Partial<TrainPanelState>): void {
    this.#page?.post({ type: 'patch', state });
  }

  /** The form's dataset is one of the list, if there is any: the one that was added last, else the one that was chosen. */
  async #datasetsChanged(): Promise<void> {
    this.#patch({ datasets: this.#datasets() });
    const { folders } = this.parts.datasets;
    const { dataset, ...rest } = this.#form;
    if (dataset !== undefined && folders.includes(dataset)) return;
    const last = folders.at(-1);
    if (last !== undefined || dataset !== undefined) await this.#setForm(last === undefined ? rest : { ...rest, dataset: last });
  }

  /** A run tells of every step; a view that hears a few times a second is enough. */
  #runChanged(): void {
    this.#waiting ??= setTimeout(() => {
      this.#waiting = undefined;
      this.#patch(this.#live());
    }, 150);
  }

  #setError(error: ErrorInfo | null): void {
    this.#error = error;
    this.#dismissed = undefined;
    this.#patch(this.#live());
  }

  async #receive(message: Exclude<FromTrainPanel, { type: 'ready' | 'openPlace' | 'openLog' }>): Promise<void> {
    const { memory, training, runs } = this.parts;
    switch (message.type) {
      case 'form':
        await memory.update(formKey, message.form);
        return;
      case 'addDataset': {
        const added = await vscode.commands.executeCommand<string[]>(commands.addDataset);
        const dataset = added?.at(-1);
        if (dataset !== undefined) await this.open(dataset);
        return;
      }
      case 'addModel':
        return this.#addModel();
      case 'showProblems':
        await vscode.commands.executeCommand(commands.inspectDataset, message.dataset);
        return;
      case 'start':
        return this.#start(message.form);
      case 'stop': {
        const run = runs.get(message.run);
        if (run) await training.stop(run);
        return;
      }
      case 'resume':
        await vscode.commands.executeCommand(commands.resumeTraining, message.run);
        return;
      case 'openDashboard':
        await vscode.commands.executeCommand(commands.openDashboard, message.run);
        return;
      case 'saveConfig':
        return this.#saveConfig(message.form);
      case 'dismiss':
        this.#dismissed = message.what === 'notice' ? runs.current?.progress.notice?.message : (this.#error ?? runs.current?.progress.error)?.message;
        if (message.what === 'error') this.#error = null;
    }
  }

  async #start(form: TrainForm): Promise<void> {
    await this.parts.memory.update(formKey, form);
    try {
      const config = await keepConfig(form, this.parts.configFolder(), t('Written by the Train view of ViTune. Edit it, rename it, train with it again.'));
      this.#setStarting({
        folder: '',
        name: basename(config, configEnding),
        status: 'starting',
        resumable: false,
        activity: null,
        epoch: 0,
        epochs: 0,
        step: 0,
        steps: 0,
      });
      const run = await this.parts.training.start(config);
      await vscode.commands.executeCommand(commands.openDashboard, run.folder);
    } catch (error) {
      // The panel itself shows it, beside the form that it is about.
      if (!isCancel(error)) this.#setError(infoOf(error));
    } finally {
      this.#setStarting(undefined);
    }
  }

  #setStarting(run: RunSummary | undefined): void {
    this.#starting = run;
    this.#patch(this.#live());
  }

  async #addModel(): Promise<void> {
    const [folder] =
      (await vscode.window.showOpenDialog({ canSelectFolders: true, canSelectFiles: false, title: t('Choose a model folder in Hugging Face format') })) ?? [];
    if (!folder) return;
    const { memory } = this.parts;
    const known = memory.get<string[]>(modelsKey, []);
    if (!known.includes(folder.fsPath)) await memory.update(modelsKey, [...known, folder.fsPath]);
    this.#patch({ models: await this.#models() });
    await this.#setForm({ ...this.#form, model: folder.fsPath });
  }

  async #saveConfig(form: TrainForm): Promise<void> {
    const start = vscode.workspace.workspaceFolders?.[0]?.uri.fsPath ?? this.parts.configFolder();
    const uri = await vscode.window.showSaveDialog({
      defaultUri: vscode.Uri.file(configPathFor(form, start)),
      filters: { [t('ViTune config')]: [configEnding.slice(1)] },
    });
    if (!uri) return;
    const file = uri.fsPath.endsWith(configEnding) ? uri : uri.with({ path: `${uri.path.replace(/(\.vitune)?(\.json)?$/, '')}${configEnding}` });
    const folder = vscode.Uri.joinPath(file, '..').fsPath;
    await vscode.workspace.fs.writeFile(
      file,
      Buffer.from(configText(form, folder, t('Train with it: the button with the triangle, or “vitune train” in a terminal.'))),
    );
    await vscode.window.showTextDocument(file);
  }
}
