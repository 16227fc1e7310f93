/** "Reveal in File Explorer" for whatever lies on disk: in the Explorer where that shows it, else in the system's. */
import type { DatasetNode } from './datasets/datasetsTree.js';
import { revealPath } from './revealPath.js';
import type { ComparisonNode, RunNode } from './runs/runsTree.js';

export async function revealCommand(given: RunNode | ComparisonNode | DatasetNode | string): Promise<void> {
  await revealPath(pathOf(given));
}

function pathOf(given: RunNode | ComparisonNode | DatasetNode | string): string {
  if (typeof given === 'string') return given;
  switch (given.kind) {
    case 'run':
      return given.run.folder;
    case 'checkpoint':
      return given.checkpoint.path;
    case 'comparison':
    case 'dataset':
    case 'more':
      return given.folder;
    case 'label':
      throw new Error('A class of a label file has no folder');
    default:
      return given.path;
  }
}
