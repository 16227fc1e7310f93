/** activate(): wiring only. Nothing here loads a native module or waits for a disk. */
import { join } from 'node:path';
import * as vscode from 'vscode';
import { againCommands } from './again/againCommands.js';
import { RunChanges } from './again/runChanges.js';
import { auditCommands } from './audit/auditCommands.js';
import { AcceptedShare } from './classify/acceptedShare.js';
import { Classifier } from './classify/classifier.js';
import { classifyCommands } from './classify/classifyCommands.js';
import { compareCommands } from './compare/compareCommands.js';
import { Comparing } from './compare/comparing.js';
import { ComparisonPanels } from './compare/comparisonPanels.js';
import { ComparisonStore } from './compare/comparisonStore.js';
import { ConfigHome } from './config/configHome.js';
import { configCommands } from './config/configCommands.js';
import { PathSetting } from './config/pathSetting.js';
import { readSchema } from './config/configSchema.js';
import { ConfigChecks } from './config/configChecks.js';
import { ConfigCompletion } from './config/configCompletion.js';
import { ConfigDiagnostics } from './config/configDiagnostics.js';
import { ConfigFixes } from './config/configFixes.js';
import { ConfigHints } from './config/configHints.js';
import { ConfigHover } from './config/configHover.js';
import { ConfigLens, configFiles } from './config/configLens.js';
import { configMeasurements } from './config/configMeasurements.js';
import { Measured } from './config/measured.js';
import { embeddedFolder, StartingPoints } from './config/startingPoints.js';
import { commands, imageEditorType, views } from './contributions.js';
import { Dashboards } from './dashboard/dashboards.js';
import { RunImages } from './dashboard/runImages.js';
import { DatasetMaps } from './datasetMap/datasetMaps.js';
import { datasetCommands } from './datasets/datasetCommands.js';
import { pickDataset, type DatasetArgument } from './datasets/pickDataset.js';
import { DatasetStore } from './datasets/datasetStore.js';
import { DatasetsTree } from './datasets/datasetsTree.js';
import { Doctor } from './doctor/doctor.js';
import { cudaCommands } from './doctor/cudaCommand.js';
import { TensorflowFolder } from './doctor/tensorflowFolder.js';
import { errors } from './errors/errors.js';
import { showError } from './errors/showError.js';
import { calibrateCommand } from './evaluate/calibrateCommand.js';
import { evaluateCommands } from './evaluate/evaluateCommands.js';
import { cachedModels } from './hub/cachedModels.js';
import { hubCommands } from './hub/hubCommands.js';
import { recommendedModels } from './hub/recommendedModels.js';
import { fromNothingCommands } from './fromNothing/fromNothing.js';
import { HubToken } from './hub/hubToken.js';
import { changeChosen } from './imageGrid/askForChange.js';
import { classCommands } from './imageGrid/classCommands.js';
import { ChangeJournal } from './imageGrid/changeJournal.js';
import { DatasetImages } from './imageGrid/datasetImages.js';
import { GridStore } from './imageGrid/gridStore.js';
import { ImageChanges } from './imageGrid/imageChanges.js';
import { ImageGrids } from './imageGrid/imageGrids.js';
import { ImagesProcess } from './imageGrid/imagesProcess.js';
import { TrashFiles } from './imageGrid/trashFiles.js';
import { Previews } from './images/previews.js';
import { exportCommands } from './export/exportCommands.js';
import { ImageEditorProvider } from './imageEditor/imageEditor.js';
import { log } from './log/log.js';
import { ReportPanels } from './reports/reportPanels.js';
import { ReportStore } from './reports/reportStore.js';
import { revealCommand } from './reveal.js';
import { ActiveCheckpointStore } from './runs/activeCheckpoint.js';
import { pickRun, type RunArgument } from './runs/pickRun.js';
import { runCommands } from './runs/runCommands.js';
import { RunsTree } from './runs/runsTree.js';
import { RunStore } from './runs/runStore.js';
import { sampleCommands } from './sample/sampleCommands.js';
import { StatusItem } from './status/statusItem.js';
import { TestExplorer } from './tests/testExplorer.js';
import { trainerLaunch } from './trainer/launch.js';
import { Supervisor } from './trainer/supervisor.js';
import { Training } from './trainer/training.js';
import { methodChoices } from './trainPanel/formRules.js';
import { inspectOnnx } from './trainPanel/inspectOnnx.js';
import { layersOf } from './trainPanel/layersOf.js';
import { TrainPanel } from './trainPanel/trainPanel.js';

export function activate(context: vscode.ExtensionContext): void {
  // What a window without a folder remembers is of no one folder.
  const memory = vscode.workspace.workspaceFolders ? context.workspaceState : context.globalState;
  const storage = (context.storageUri ?? context.globalStorageUri).fsPath;
  const failed = (error: unknown) => void showError(error);
  const launch = trainerLaunch(context.asAbsolutePath(join('dist', 'trainer')), vscode.l10n.uri?.fsPath, () => {
    if (!vscode.workspace.isTrusted) throw errors.restricted();
  });

  const token = new HubToken(context.secrets, launch, failed);
  const runs = new RunStore(memory, failed);
  const activeSetting = new PathSetting('activeCheckpoint', memory);
  const datasetsSetting = new PathSetting('datasets', memory);
  const active = new ActiveCheckpointStore(activeSetting, runs);
  const datasets = new DatasetStore(datasetsSetting, launch);
  const supervisor = new Supervisor(launch, join(storage, 'logs'));
  const training = new Training(supervisor, runs, active);
  const accepted = new AcceptedShare(context.workspaceState);
  const classifier = new Classifier(launch, active, accepted);
  const previews = new Previews((path, side) => classifier.preview(path, side));
  const images = new ImagesProcess(launch);
  const grids = new ImageGrids(context.extensionUri, new GridStore(join(storage, 'grids')), images, failed);
  const trash = new TrashFiles(join(storage, 'trashed'));
  trash.clear().catch(failed);
  const changes = new ImageChanges(images, trash, grids, datasets, new ChangeJournal(join(storage, 'changes')));
  changes.recover().catch(failed);
  grids.onChange = (action, chosen) =>
    changeChosen(changes, action, chosen, datasets.knowledgeOf(chosen.dataset)?.inspection?.labels);
  const datasetImages = new DatasetImages(grids, images, datasets);
  const maps = new DatasetMaps(
    context.extensionUri,
    new GridStore(join(storage, 'maps')),
    images,
    grids,
    launch,
    datasets,
    failed,
  );
  const reports = new ReportPanels(
    context.extensionUri,
    new ReportStore(join(storage, 'reports')),
    previews,
    grids,
    datasetImages,
    failed,
  );
  const doctor = new Doctor(reports, launch);
  const runImages = new RunImages(join(storage, 'predictions'), grids, launch, accepted);
  const runChanges = new RunChanges(launch, runs, datasets);
  const dashboards = new Dashboards(context.extensionUri, runs, training, active, runImages, runChanges, failed);
  const configHome = new ConfigHome(storage);
  const measured = new Measured(memory);
  const checks = new ConfigChecks(launch, datasets.onDisk);
  const hints = new ConfigHints(checks, measured);
  const lenses = new ConfigLens(runs);
  const panel = new TrainPanel({
    launch,
    context,
    memory,
    datasets,
    runs,
    training,
    changes: runChanges,
    devices: () => doctor.devices(),
    cachedModels: () => cachedModels(launch),
    inspectOnnx: (file) => inspectOnnx(launch, file),
    layersOf: (model) => layersOf(launch, model),
    configHome,
    measured,
  });
  const editor = new ImageEditorProvider(context.extensionUri, active, classifier, previews, accepted);
  const comparisons = new ComparisonStore(memory, runs, failed);
  const comparing = new Comparing(launch, comparisons, runs);
  const comparisonPanels = new ComparisonPanels(
    context.extensionUri,
    comparisons,
    comparing,
    async (dataset, method) => {
      await datasets.add(dataset);
      await panel.open(dataset, method);
    },
  );
  const methods = async () => methodChoices(await readSchema(context.extensionUri));
  const scan = Promise.all([runs.scan(), comparisons.scan()]);
  scan.catch(failed);
  const runsTree = new RunsTree(runs, active, comparisons, comparing, scan);
  const datasetsTree = new DatasetsTree(datasets, previews, runChanges);

  const tensorflowFolder = new TensorflowFolder(launch, () => {
    doctor.forget();
    panel.refreshDevices().catch(failed);
  });
  context.subscriptions.push(
    token,
    tensorflowFolder,
    activeSetting,
    datasetsSetting,
    runs,
    active,
    datasets,
    training,
    classifier,
    images,
    grids,
    maps,
    trash,
    reports,
    runChanges,
    dashboards,
    panel,
    comparisons,
    comparing,
    comparisonPanels,
    runsTree,
    datasetsTree,
  );
  context.subscriptions.push(
    new StatusItem(runs, active),
    checks,
    measured,
    hints,
    lenses,
    new ConfigDiagnostics(training, checks, measured),
    new TestExplorer(launch, failed),
    vscode.languages.registerCodeLensProvider(configFiles, lenses),
    vscode.languages.registerInlayHintsProvider(configFiles, hints),
    vscode.languages.registerHoverProvider(configFiles, new ConfigHover(checks, measured)),
    vscode.languages.registerCompletionItemProvider(
      configFiles,
      new ConfigCompletion(checks, datasets, new StartingPoints(launch, runs, embeddedFolder(context.extensionUri))),
      ...ConfigCompletion.triggers,
    ),
    vscode.languages.registerCodeActionsProvider(configFiles, new ConfigFixes(checks, measured), {
      providedCodeActionKinds: ConfigFixes.kinds,
    }),
    vscode.window.registerWebviewViewProvider(views.train, panel),
    vscode.window.registerTreeDataProvider(views.runs, runsTree),
    vscode.window.createTreeView(views.datasets, {
      treeDataProvider: datasetsTree,
      canSelectMany: true,
      showCollapseAll: true,
    }),
    vscode.window.registerCustomEditorProvider(imageEditorType, editor, { supportsMultipleEditorsPerDocument: true }),
    datasets.onDisk((folder) => grids.refresh(folder)),
    // What was refused in Restricted Mode is inspected now.
    vscode.workspace.onDidGrantWorkspaceTrust(() => datasets.forget()),
    vscode.workspace.onDidChangeWorkspaceFolders(() => Promise.all([runs.scan(), comparisons.scan()]).catch(failed)),
  );

  const handlers: Record<string, (...args: never[]) => unknown> = {
    ...configCommands(panel, training, datasets, configHome),
    ...configMeasurements(launch, measured),
    ...sampleCommands(context.extensionUri, configHome, datasets, panel, active),
    ...datasetCommands(reports, datasets),
    ...datasetImages.commands,
    ...maps.commands,
    ...auditCommands(reports, datasets, launch),
    ...changes.commands,
    ...fromNothingCommands({ grids, datasets, active, launch, newFile: () => reports.newFile() }),
    ...classCommands(changes, datasets, runs),
    ...runCommands(runs, training, active, comparisons),
    ...againCommands({ runs, changes: runChanges, training, panels: reports, launch }),
    ...classifyCommands(reports, classifier, active),
    ...evaluateCommands(reports, grids, launch, runs, datasets, accepted),
    ...calibrateCommand(launch, runs, accepted),
    ...hubCommands(launch, token, panel),
    ...exportCommands({ launch, runs, grids, newFile: () => reports.newFile() }),
    [commands.recommendedModels]: recommendedModels(launch, panel),
    ...compareCommands({ datasets, comparisons, comparing, panels: comparisonPanels, methods, configHome }),
    [commands.openDashboard]: async (given?: RunArgument) => {
      await scan;
      const run = await pickRun(
        runs,
        given,
        () => true,
        vscode.l10n.t('Open the dashboard of which run?'),
        vscode.l10n.t('There is no run yet.'),
      );
      if (run) dashboards.show(run);
    },
    [commands.advise]: async (given?: DatasetArgument) => {
      const dataset = await pickDataset(datasets, given);
      if (dataset !== undefined) await panel.advise(dataset);
    },
    [commands.reveal]: revealCommand,
    ...cudaCommands(launch, async () => {
      doctor.forget();
      await panel.refreshDevices();
    }),
    [commands.doctor]: async () => {
      await doctor.show();
      await panel.refreshDevices();
    },
    [commands.showLog]: () => log().show(),
  };
  for (const [name, handler] of Object.entries(handlers)) {
    context.subscriptions.push(
      vscode.commands.registerCommand(name, async (...args: never[]) => {
        try {
          return await handler(...args);
        } catch (error) {
          await showError(error);
          return undefined;
        }
      }),
    );
  }
}
