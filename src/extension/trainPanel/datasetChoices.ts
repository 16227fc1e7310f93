/** The datasets of the Train view as they are known by now. */
import { basename } from 'node:path';
import type { DatasetChoice } from '../../webview/protocol.js';
import { imagesIn, lacksClasses, type DatasetStore } from '../datasets/datasetStore.js';

export const datasetChoices = (datasets: DatasetStore): DatasetChoice[] =>
  datasets.folders.map((folder) => {
    const { inspection, error } = datasets.knowledgeOf(folder) ?? {};
    return {
      folder,
      name: basename(folder),
      ...(error && { error }),
      ...(error && lacksClasses(error) && { lacksClasses: true }),
      ...(inspection && {
        inspection: {
          classes: inspection.labels.length,
          images: imagesIn(inspection),
          problems: inspection.problems.length,
        },
      }),
    };
  });

/** What an estimate depends on beside the form: it is of no use where the dataset is another by now. */
export function imagesOf(datasets: DatasetStore, folder: string | undefined): string | undefined {
  const inspection = folder === undefined ? undefined : datasets.knowledgeOf(folder)?.inspection;
  return inspection && JSON.stringify([inspection.labels, inspection.counts]);
}
