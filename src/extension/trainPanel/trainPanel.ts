/** The view "Train" in the side bar: keeps the form, starts and follows runs, and sends changes to the view. */
import { basename } from 'node:path';
import * as vscode from 'vscode';
import { configEnding } from '../../shared/configNames.js';
import type { Advice, CachedModel, ErrorInfo, OnnxInspection } from '../../trainer/protocol.js';
import type {
  DeviceChoice,
  FromTrainPanel,
  Patch,
  RunSummary,
  TrainForm,
  TrainPanelState,
} from '../../webview/protocol.js';
import type { RunChanges } from '../again/runChanges.js';
import type { ConfigHome } from '../config/configHome.js';
import { asConfigPath, keepConfig, configPathFor, configText } from '../config/configFile.js';
import { readSchema } from '../config/configSchema.js';
import type { Measured } from '../config/measured.js';
import { embeddedFolder } from '../config/startingPoints.js';
import { commands, views } from '../contributions.js';
import type { DatasetStore } from '../datasets/datasetStore.js';
import { infoOf, isCancel } from '../errors/showError.js';
import { log } from '../log/log.js';
import type { Run } from '../runs/run.js';
import type { RunStore } from '../runs/runStore.js';
import type { Launch } from '../trainer/launch.js';
import type { Training } from '../trainer/training.js';
import { WebviewHost, type OwnMessage } from '../webviews/webviewHost.js';
import { datasetChoices, imagesOf } from './datasetChoices.js';
import { formOptions, methodChoices } from './formRules.js';
import { folderOf, modelChoices, onnxFilesOf, type KnownNetwork } from './modelChoices.js';
import { Planning } from './planning.js';

const { t } = vscode.l10n;
const formKey = 'form';
const modelsKey = 'models';
/** Models chosen longer ago than so many others are forgotten. */
const maxRecent = 10;

export interface TrainPanelParts {
  launch: Launch;
  context: vscode.ExtensionContext;
  memory: vscode.Memento;
  datasets: DatasetStore;
  runs: RunStore;
  training: Training;
  changes: RunChanges;
  devices: () => Promise<DeviceChoice[]>;
  cachedModels: () => Promise<CachedModel[]>;
  inspectOnnx: (file: string) => Promise<OnnxInspection>;
  /** The layers of a model that a method can adapt; `model` is a folder or `embedded`. */
  layersOf: (model: string) => Promise<string[]>;
  configHome: ConfigHome;
  measured: Measured;
}

export class TrainPanel implements vscode.WebviewViewProvider, vscode.Disposable {
  readonly #subscriptions: vscode.Disposable[];
  #host: WebviewHost<TrainPanelState, FromTrainPanel, Patch<TrainPanelState>> | undefined;
  #error: ErrorInfo | null = null;
  /** The run that is being started, until its trainer says that it has begun. */
  #starting: RunSummary | undefined;
  #dismissed: string | undefined;
  /** Folders of runs that were at work while this window was open, and were not closed since. */
  readonly #followed = new Set<string>();
  #devices: DeviceChoice[] | undefined;
  #cached: CachedModel[] = [];
  /** ONNX files among the models, by path. */
  readonly #networks = new Map<string, KnownNetwork>();
  readonly #planning: Planning;
  #isVisible = false;
  /** Layers that can be adapted, by the folder of their model. */
  readonly #layers = new Map<string, string[]>();

  constructor(private readonly parts: TrainPanelParts) {
    const { runs, datasets, training, changes, launch, configHome, measured } = parts;
    this.#planning = new Planning({
      launch,
      measured,
      form: () => this.#form,
      images: () => imagesOf(datasets, this.#form.dataset),
      mayEstimate: () => this.#mayEstimate,
      runsFolder: ({ dataset }) => configHome.folderFor(dataset),
      onChange: () => this.#patch({ plan: this.#planning.state }),
    });
    this.#subscriptions = [
      this.#planning,
      runs.onChange((run) => {
        if (run?.busy) {
          this.#followed.add(run.folder);
          this.#planning.stop();
        }
        this.#host?.changed();
      }),
      datasets.onChange(() => void this.#datasetsChanged()),
      changes.onChange(() => this.#patch({ changed: this.#changed })),
      training.onAccepted(() => this.#setError(null)),
      training.onFailed((error) => !isCancel(error) && this.#setError(infoOf(error))),
    ];
  }

  /** Shows the panel, with a dataset and a method (by its defaults) chosen if they are given. */
  async open(dataset?: string, method?: string): Promise<void> {
    const form = this.#form;
    const chosen =
      method === undefined || method === form.method.type ? {} : { method: { type: method }, learningRate: undefined };
    if (dataset !== undefined) await this.#setForm({ ...form, ...chosen, dataset });
    await vscode.commands.executeCommand(`${views.train}.focus`);
  }

  resolveWebviewView(view: vscode.WebviewView): void {
    const host = new WebviewHost<TrainPanelState, FromTrainPanel, Patch<TrainPanelState>>(
      view.webview,
      this.parts.context.extensionUri,
      {
        view: 'trainPanel',
        title: t('Train'),
        state: () => this.#state(),
        changes: () => [{ type: 'patch', state: this.#live() }],
        onMessage: (message) => this.#receive(message),
      },
    );
    this.#host = host;
    this.#isVisible = view.visible;
    view.onDidChangeVisibility(() => (this.#isVisible = view.visible));
    view.onDidDispose(() => {
      this.#isVisible = false;
      host.dispose();
      if (this.#host === host) this.#host = undefined;
    });
    for (const folder of this.parts.datasets.folders) this.parts.datasets.look(folder);
  }

  dispose(): void {
    this.#host?.dispose();
    vscode.Disposable.from(...this.#subscriptions).dispose();
  }

  get #form(): TrainForm {
    return this.parts.memory.get<TrainForm>(formKey, { method: { type: 'lora' } });
  }

  async #setForm(form: TrainForm): Promise<void> {
    await this.parts.memory.update(formKey, form);
    this.#patch({ form });
    this.#formChanged();
  }

  get #changed(): TrainPanelState['changed'] {
    const { dataset } = this.#form;
    const since = dataset === undefined ? undefined : this.parts.changes.sinceNewest(dataset);
    return since ? { run: since.run.folder, name: since.run.info.name, words: since.words } : null;
  }

  #formChanged(): void {
    this.#patch({ changed: this.#changed });
    this.#lookAtLayers();
    this.#planning.formChanged();
  }

  /** Nobody would see an estimate, or it would be wrong and slow another run, or download a model unasked. */
  get #mayEstimate(): boolean {
    const isBusy = this.parts.runs.runs.some(({ busy }) => busy);
    return (
      this.#isVisible && !isBusy && !this.#datasetError && this.#modelFolder !== undefined && vscode.workspace.isTrusted
    );
  }

  get #datasetError(): ErrorInfo | undefined {
    const { dataset } = this.#form;
    return dataset === undefined ? undefined : this.parts.datasets.knowledgeOf(dataset)?.error;
  }

  /** Shows the panel with a dataset chosen, and advice on it as soon as there is some. */
  async advise(dataset: string): Promise<void> {
    await this.open(dataset);
    await this.#planning.advise();
  }

  async #state(): Promise<TrainPanelState> {
    const schema = await readSchema(this.parts.context.extensionUri);
    if (!this.#devices) void this.#findDevices();
    this.#formChanged();
    for (const look of [this.#findCached(), this.#lookAtNetworks(this.#recentModels)])
      look.catch((error: unknown) => log().error(error as Error));
    return {
      form: this.#form,
      datasets: datasetChoices(this.parts.datasets),
      models: await this.#models(),
      devices: this.#devices ?? [{ value: 'auto' }],
      targetModules: this.#targetModules,
      methods: methodChoices(schema),
      options: formOptions(schema),
      changed: this.#changed,
      plan: this.#planning.state,
      ...this.#live(),
    };
  }

  /** The state that changes during a run. */
  #live(): Pick<TrainPanelState, 'runs' | 'error' | 'notice'> {
    const runs = this.#runs;
    const [run] = runs;
    const notice = run?.progress.notice;
    const error = this.#error ?? (run && !run.busy ? (run.progress.error ?? null) : null);
    return {
      runs: [...(this.#starting ? [this.#starting] : []), ...runs.map(({ summary }) => summary)],
      error: error && this.#dismissed === error.message ? null : error,
      notice: notice && this.#dismissed !== notice.message ? { message: notice.message, remedy: notice.remedy } : null,
    };
  }

  /** What a window that was closed meanwhile has seen end is of no news to this one. */
  get #runs(): Run[] {
    return this.parts.runs.runs.filter((run) => !run.inComparison && (run.busy || this.#followed.has(run.folder)));
  }

  /** Folders and names of the hub, the newest first; the form's is always among them, for it stays what is chosen. */
  get #recentModels(): string[] {
    const known = this.parts.memory.get<string[]>(modelsKey, []);
    const { model } = this.#form;
    return model === undefined || model === 'embedded' || known.includes(model) ? known : [model, ...known];
  }

  #models() {
    return modelChoices(
      embeddedFolder(this.parts.context.extensionUri),
      this.#recentModels,
      this.#cached,
      this.#networks,
    );
  }

  /** Other programs fill the cache too, so it is read whenever the view is redrawn. */
  async #findCached(): Promise<void> {
    this.#cached = await this.parts.cachedModels();
    this.#patch({ models: await this.#models() });
    this.#lookAtLayers();
    await this.#lookAtNetworks(this.#cached.map(({ folder }) => folder));
  }

  get #modelFolder(): string | undefined {
    return folderOf(this.#form.model ?? 'embedded', this.#cached);
  }

  get #targetModules(): string[] {
    return this.#layers.get(this.#modelFolder ?? '') ?? [];
  }

  /** The form offers the layers of the chosen model, once the trainer has found them. */
  #lookAtLayers(): void {
    const folder = this.#modelFolder;
    if (folder === undefined || this.#layers.has(folder)) return this.#patch({ targetModules: this.#targetModules });
    this.#layers.set(folder, []);
    this.parts.layersOf(folder).then(
      (layers) => {
        this.#layers.set(folder, layers);
        this.#patch({ targetModules: this.#targetModules });
      },
      (error: unknown) => {
        // The model may be mended, and is looked at again when it is chosen again.
        this.#layers.delete(folder);
        log().info(`The layers of ${folder} are not known: ${infoOf(error).message}`);
      },
    );
  }

  /** The files may have been rewritten since they were read. */
  async #lookAtNetworks(models: readonly string[]): Promise<void> {
    for (const file of onnxFilesOf(models)) {
      this.#networks.set(file, await this.parts.inspectOnnx(file).catch((error: unknown) => infoOf(error)));
      this.#patch({ models: await this.#models() });
    }
  }

  /** Takes a folder or a name of the hub, which may just have been downloaded, among the models to choose from. */
  async offerModel(name: string): Promise<void> {
    await this.#remember(name);
    await this.#findCached();
  }

  async #remember(name: string): Promise<void> {
    const { memory } = this.parts;
    await memory.update(
      modelsKey,
      [name, ...memory.get<string[]>(modelsKey, []).filter((known) => known !== name)].slice(0, maxRecent),
    );
  }

  async chooseModel(name: string): Promise<void> {
    await this.#setForm({ ...this.#form, model: name });
    await this.open();
  }

  /** Asks for the devices again where they are shown. */
  async refreshDevices(): Promise<void> {
    if (this.#devices) await this.#findDevices();
  }

  async #findDevices(): Promise<void> {
    this.#devices = [{ value: 'auto' }];
    this.#devices = await this.parts.devices();
    this.#patch({ devices: this.#devices });
  }

  #patch(state: Partial<TrainPanelState>): void {
    this.#host?.post({ type: 'patch', state });
  }

  /**
   * The form's dataset is one of the list, if there is any: the one that was added last, else the one that was chosen.
   */
  async #datasetsChanged(): Promise<void> {
    this.#patch({ datasets: datasetChoices(this.parts.datasets) });
    const { folders } = this.parts.datasets;
    const { dataset, ...rest } = this.#form;
    if (dataset !== undefined && folders.includes(dataset)) return this.#planning.formChanged();
    const last = folders.at(-1);
    if (last !== undefined || dataset !== undefined)
      await this.#setForm(last === undefined ? rest : { ...rest, dataset: last });
  }

  #setError(error: ErrorInfo | null): void {
    this.#error = error;
    this.#dismissed = undefined;
    this.#patch(this.#live());
  }

  async #receive(message: OwnMessage<FromTrainPanel>): Promise<void> {
    const { memory, training, runs } = this.parts;
    switch (message.type) {
      case 'form':
        await memory.update(formKey, message.form);
        this.#formChanged();
        return;
      case 'addDataset': {
        const added = await vscode.commands.executeCommand<string[]>(commands.addDataset);
        const dataset = added?.at(-1);
        if (dataset !== undefined) await this.open(dataset);
        return;
      }
      case 'addModel':
        return this.#addModel();
      case 'addOnnxModel':
        return this.#addOnnxModel();
      case 'downloadModel':
        return this.#downloadModel();
      case 'recommendedModels':
        await vscode.commands.executeCommand(commands.recommendedModels);
        return;
      case 'showProblems':
        await vscode.commands.executeCommand(commands.inspectDataset, message.dataset);
        return;
      case 'groupImages':
        await vscode.commands.executeCommand(commands.groupImages, message.dataset);
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
      case 'trainAgain':
        await vscode.commands.executeCommand(commands.trainAgain, message.run);
        return;
      case 'openDashboard':
        await vscode.commands.executeCommand(commands.openDashboard, message.run);
        return;
      case 'saveConfig':
        return this.#saveConfig(message.form);
      case 'dismiss':
        this.#dismissed =
          message.what === 'notice'
            ? this.#runs[0]?.progress.notice?.message
            : (this.#error ?? this.#runs[0]?.progress.error)?.message;
        if (message.what === 'error') this.#error = null;
        return;
      case 'estimate':
      case 'cancelEstimate':
      case 'advise':
      case 'cancelAdvice':
      case 'useAdvice': {
        const used = this.#planning.receive(message)?.advice;
        if (used) await this.#useAdvice(used);
        return;
      }
      case 'dismissRun':
        this.#followed.delete(message.run);
        this.#patch(this.#live());
    }
  }

  /** Its settings replace the form's; what it says nothing of stays, but for a rate that was for another method. */
  async #useAdvice({ model, method, settings }: Advice): Promise<void> {
    await this.#setForm({ ...this.#form, ...settings, model, method: { type: method }, learningRate: undefined });
  }

  async #start(form: TrainForm): Promise<void> {
    this.#planning.stop();
    await this.parts.memory.update(formKey, form);
    try {
      const config = await keepConfig(
        form,
        this.parts.configHome.folderFor(form.dataset),
        t('Written by the Train view of ViTune. Edit it, rename it, train with it again.'),
      );
      this.parts.configHome.announce();
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
      // The panel itself shows it, next to the form.
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
    const title = t('Choose a model folder in Hugging Face format');
    const [folder] =
      (await vscode.window.showOpenDialog({ canSelectFolders: true, canSelectFiles: false, title })) ?? [];
    if (folder) await this.#takeModel(folder.fsPath);
  }

  async #addOnnxModel(): Promise<void> {
    const title = t('Choose an ONNX file whose features to train on');
    const [file] = (await vscode.window.showOpenDialog({ filters: { ONNX: ['onnx'] }, title })) ?? [];
    if (file) await this.#takeModel(file.fsPath);
  }

  async #takeModel(path: string): Promise<void> {
    await this.#remember(path);
    // The view chooses among the models it knows.
    this.#patch({ models: await this.#models() });
    await this.#setForm({ ...this.#form, model: path });
    await this.#lookAtNetworks(this.#recentModels);
  }

  async #downloadModel(): Promise<void> {
    const name = await vscode.commands.executeCommand<string | undefined>(commands.downloadModel);
    if (name !== undefined) await this.#setForm({ ...this.#form, model: name });
  }

  async #saveConfig(form: TrainForm): Promise<void> {
    const { configHome } = this.parts;
    const start = configHome.workspaceFolder(form.dataset) ?? configHome.folderFor(form.dataset);
    const uri = await vscode.window.showSaveDialog({
      defaultUri: vscode.Uri.file(configPathFor(form, start)),
      filters: { [t('ViTune config')]: ['json'] },
    });
    if (!uri) return;
    const file = uri.with({ path: asConfigPath(uri.path) });
    const folder = vscode.Uri.joinPath(file, '..').fsPath;
    await vscode.workspace.fs.writeFile(
      file,
      Buffer.from(
        configText(form, folder, t('Train with it: the button with the triangle, or “vitune train” in a terminal.')),
      ),
    );
    await vscode.window.showTextDocument(file);
  }
}
