/** The process of images: serves `ImagesRequest`s over the fork's IPC channel until its window is gone. */
import { infoOf } from '../errors/errors.js';
import type { ImagesRequest, ImagesResponse } from '../protocol.js';
import { datasetList, fileColumns, nameColumns, readImageList, writeImageList } from './datasetList.js';
import { scanUnfinished, withLoose } from './looseImages.js';
import { planChange } from './planChange.js';
import { refreshedList } from './refreshedList.js';
import { replaceFile } from '../core/replaceFile.js';
import { folderOf, scanDataset } from './scan.js';
import { writeCells } from './writeCells.js';
import { writeExcluded } from './writeExcluded.js';
import type { Thumbnails } from './thumbnails.js';

type Work = Exclude<ImagesRequest, { type: 'cancel' }>;

/** As an inspection divides a folder that has no splits, and a run whose config does not say otherwise. */
const usual = { validationSplit: 0.2, seed: 42 };

export function serveImages(
  thumbnails: Thumbnails,
  channel: {
    send(response: ImagesResponse): void;
    onRequest(listen: (request: ImagesRequest) => void): void;
  },
): void {
  const running = new Map<number, AbortController>();

  const respond = async (request: Work, signal: AbortSignal): Promise<ImagesResponse> => {
    const { id } = request;
    switch (request.type) {
      case 'list': {
        const dataset = await scanDataset(request.dataset, { ...usual, signal });
        const list = await datasetList(dataset, request.marks, request.only);
        await writeImageList(request.file, list);
        return { id, type: 'listed', images: list.length };
      }
      case 'columns': {
        const list = await readImageList(request.file);
        const onProgress = (done: number, total: number) => channel.send({ id, type: 'progress', done, total });
        const columns = request.of === 'files' ? await fileColumns(list, signal, onProgress) : nameColumns(list);
        return { id, type: 'columns', columns };
      }
      case 'plan': {
        const dataset = withLoose(await scanUnfinished(request.dataset, { ...usual, signal }));
        return { id, type: 'plan', plan: await planChange(dataset, request.change, request.images, signal) };
      }
      case 'cells': {
        const spec = { folder: folderOf(request.dataset), labels: request.file };
        return {
          id,
          type: 'written',
          ...(await writeCells(spec, request.cells, { isAgain: request.isAgain, signal })),
        };
      }
      case 'exclude':
        return {
          id,
          type: 'written',
          ...(await writeExcluded(request.dataset, request.paths, request.isExcluded, { isAgain: request.isAgain })),
        };
      case 'refresh': {
        const unfinished = await scanUnfinished(request.dataset, { ...usual, signal });
        // A list of all images of a dataset has none without a class.
        const dataset = request.grows ? unfinished.dataset : withLoose(unfinished);
        const list = await readImageList(request.file);
        const fresh = await datasetList(dataset, [], false);
        const refreshed = await refreshedList(list, fresh, request.moves, request.grows);
        const bytes = refreshed.toBytes();
        const isChanged = Buffer.compare(bytes, list.toBytes()) !== 0;
        if (isChanged) await replaceFile(request.file, bytes);
        return { id, type: 'refreshed', isChanged };
      }
      case 'thumbnail':
        return { id, type: 'thumbnail', jpeg: await thumbnails.of(request.path) };
    }
  };

  channel.onRequest((request) => {
    if (request.type === 'cancel') return running.get(request.request)?.abort();
    const controller = new AbortController();
    running.set(request.id, controller);
    void respond(request, controller.signal)
      .catch((error: unknown): ImagesResponse => ({ id: request.id, type: 'error', ...infoOf(error) }))
      .then(channel.send)
      .finally(() => running.delete(request.id));
  });
}
