/** "Make Sample Dataset" and "Classify a Sample Image": the way to a first result without images of one's own. */
import { join } from 'node:path';
import * as vscode from 'vscode';
import { openWithPredictions } from '../classify/classifyCommands.js';
import type { ConfigHome } from '../config/configHome.js';
import { commands } from '../contributions.js';
import type { DatasetStore } from '../datasets/datasetStore.js';
import { errors } from '../errors/errors.js';
import type { ActiveCheckpointStore } from '../runs/activeCheckpoint.js';
import type { TrainPanel } from '../trainPanel/trainPanel.js';
import { copySample, type Sample } from './sampleFiles.js';

/** It takes seconds, and suffices for images that the embedded model knows. */
const quickMethod = 'head';

export function sampleCommands(
  extension: vscode.Uri,
  home: ConfigHome,
  datasets: DatasetStore,
  panel: TrainPanel,
  active: ActiveCheckpointStore,
) {
  const source = vscode.Uri.joinPath(extension, 'dist', 'sample').fsPath;
  const make = (): Promise<Sample> => copySample(source, home.workspaceFolder() ?? join(home.folderFor(), '..'));
  return {
    [commands.makeSample]: async () => {
      const { dataset } = await make();
      await datasets.add(dataset);
      await panel.open(dataset, quickMethod);
    },
    [commands.classifySample]: async () => {
      if (active.current === undefined) throw errors.noCheckpoint();
      const { images } = await make();
      await openWithPredictions(images[0]!);
    },
  };
}
