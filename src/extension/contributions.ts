/** The names that package.json contributes: commands, views, settings, editors. A test holds the two equal. */

export const commands = {
  startTraining: 'vitune.startTraining',
  trainDataset: 'vitune.trainDataset',
  trainConfig: 'vitune.trainConfig',
  trainAgain: 'vitune.trainAgain',
  compareRuns: 'vitune.compareRuns',
  estimateConfig: 'vitune.estimateConfig',
  adviseConfig: 'vitune.adviseConfig',
  stopTraining: 'vitune.stopTraining',
  resumeTraining: 'vitune.resumeTraining',
  openDashboard: 'vitune.openDashboard',
  addDataset: 'vitune.addDataset',
  makeSample: 'vitune.makeSample',
  classifySample: 'vitune.classifySample',
  removeDataset: 'vitune.removeDataset',
  inspectDataset: 'vitune.inspectDataset',
  advise: 'vitune.advise',
  showImages: 'vitune.showImages',
  showMap: 'vitune.showMap',
  auditDataset: 'vitune.auditDataset',
  groupImages: 'vitune.groupImages',
  labelNext: 'vitune.labelNext',
  suggestLabels: 'vitune.suggestLabels',
  prelabel: 'vitune.prelabel',
  renameClass: 'vitune.renameClass',
  mergeClass: 'vitune.mergeClass',
  deleteClass: 'vitune.deleteClass',
  undoImageChange: 'vitune.undoImageChange',
  redoImageChange: 'vitune.redoImageChange',
  refreshDatasets: 'vitune.refreshDatasets',
  classify: 'vitune.classify',
  classifyFolder: 'vitune.classifyFolder',
  openWithPredictions: 'vitune.openWithPredictions',
  setActiveCheckpoint: 'vitune.setActiveCheckpoint',
  evaluate: 'vitune.evaluate',
  compareAnswers: 'vitune.compareAnswers',
  calibrate: 'vitune.calibrate',
  exportCheckpoint: 'vitune.exportCheckpoint',
  compareMethods: 'vitune.compareMethods',
  openComparison: 'vitune.openComparison',
  continueComparison: 'vitune.continueComparison',
  stopComparison: 'vitune.stopComparison',
  deleteRun: 'vitune.deleteRun',
  reveal: 'vitune.reveal',
  refreshRuns: 'vitune.refreshRuns',
  newConfig: 'vitune.newConfig',
  recommendedModels: 'vitune.recommendedModels',
  downloadModel: 'vitune.downloadModel',
  setHubToken: 'vitune.setHubToken',
  doctor: 'vitune.doctor',
  installCuda: 'vitune.installCuda',
  showLog: 'vitune.showLog',
} as const;

export type CommandName = (typeof commands)[keyof typeof commands];

export const views = {
  train: 'vitune.train',
  datasets: 'vitune.datasets',
  runs: 'vitune.runs',
} as const;

/** Settings below the section `vitune`, each with the type of its value. */
export interface Settings {
  predictions: number;
  notifyWhenFinished: boolean;
  datasets: string[];
  activeCheckpoint: string;
  tensorflowFolder: string;
  packageIndex: string;
}

export const settings: readonly (keyof Settings)[] = [
  'predictions',
  'notifyWhenFinished',
  'datasets',
  'activeCheckpoint',
  'tensorflowFolder',
  'packageIndex',
];

/** View types of the custom editor and the webview panels. */
export const imageEditorType = 'vitune.image';
export const dashboardType = 'vitune.dashboard';
export const comparisonType = 'vitune.comparison';
export const reportType = 'vitune.report';
export const imageGridType = 'vitune.images';
export const datasetMapType = 'vitune.map';

/** Words in a tree item's context value, by which package.json decides which actions it has. */
export type ContextWord =
  | 'dataset'
  | 'folder'
  | 'image'
  | 'images'
  | 'class'
  | 'unlabelled'
  | 'run'
  | 'running'
  | 'resumable'
  | 'usable'
  | 'idle'
  | 'comparison'
  | 'comparing'
  | 'unfinished'
  | 'changed'
  | 'trained';
