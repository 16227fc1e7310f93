/** Thumbnails for a view: made by the process of images, and posted with what is wrong where one cannot be made. */
import type { ToDatasetMap } from '../../webview/protocol.js';
import { errors } from '../errors/errors.js';
import { infoOf } from '../errors/showError.js';
import type { ImagesProcess } from './imagesProcess.js';
import { ThumbnailQueue } from './thumbnailQueue.js';

/** The queue of a view: what is made, and why something is not, is posted to it. */
export function thumbnailsFor(
  process: ImagesProcess,
  pathAt: (row: number) => string,
  post: (message: Extract<ToDatasetMap, { type: 'thumbnail' }>) => void,
): ThumbnailQueue {
  return new ThumbnailQueue(
    (row) => process.thumbnail(pathAt(row)),
    (row, src) => post({ type: 'thumbnail', row, src }),
    (row, error, isCulprit) => {
      const info = isCulprit ? errors.imageEndsProcess(pathAt(row)).info : infoOf(error);
      post({ type: 'thumbnail', row, error: info });
    },
  );
}
