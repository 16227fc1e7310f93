/**
 * The warm classification process: serves `ServeRequest`s over the fork's IPC channel and keeps the last checkpoint
 * open.
 */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { calibrationFiles } from '../../shared/calibration.js';
import { previewOf } from '../data/decode.js';
import { infoOf } from '../errors/errors.js';
import type { ServeResponse, ServeRequest } from '../protocol.js';
import { Classifier, imagesOf } from './classifier.js';
import { Explainer } from './explainer.js';
import { resolveCheckpoint } from '../runs/runFolder.js';

interface Open {
  folder: string;
  /** A folder can be replaced under the same name. */
  modified: string;
  classifier: Classifier;
  /** Opened with the first wish for it. */
  explainer?: Explainer;
}

export function serve(channel: {
  send(response: ServeResponse): void;
  onRequest(listen: (request: ServeRequest) => void): void;
}): void {
  let open: Open | undefined;
  const running = new Map<number, AbortController>();
  // One at a time: a session runs on this thread anyway, and the checkpoint may change between two requests.
  let queue: Promise<unknown> = Promise.resolve();

  const opened = async (checkpoint: string, id: number): Promise<Open> => {
    const folder = await resolveCheckpoint(checkpoint);
    // A calibration that is computed later makes another answer.
    const times = [calibrationFiles.calibration, 'config.json'].map((name) => stat(join(folder, name)));
    const modified = (await Promise.allSettled([...times, stat(folder)]))
      .map((each) => (each.status === 'fulfilled' ? each.value.mtimeMs : 0))
      .join();
    if (open && open.folder === folder && open.modified === modified) return open;
    const old = open;
    open = undefined;
    await old?.classifier.dispose();
    await old?.explainer?.dispose();
    const classifier = await Classifier.open(folder);
    open = { folder, modified, classifier };
    for (const notice of classifier.notices) channel.send({ id, type: 'notice', ...notice.toInfo() });
    return open;
  };

  const classify = async (
    { id, checkpoint, paths, top, accepted }: ServeRequest & { type: 'classify' },
    signal: AbortSignal,
  ): Promise<void> => {
    const files = await imagesOf(paths, signal);
    const { classifier } = await opened(checkpoint, id);
    for await (const result of classifier.classify(files, { top, accepted }, signal))
      channel.send({ id, type: 'classification', result });
  };

  const explain = async (
    { id, checkpoint, path, label }: ServeRequest & { type: 'explain' },
    signal: AbortSignal,
  ): Promise<void> => {
    const own = await opened(checkpoint, id);
    own.explainer ??= await Explainer.open(own.folder);
    channel.send({ id, type: 'explanation', result: await own.explainer.explain(path, label, signal) });
  };

  const respond = async (request: ServeRequest & { type: 'classify' | 'explain' }, signal: AbortSignal) => {
    const { id } = request;
    try {
      await (request.type === 'classify' ? classify(request, signal) : explain(request, signal));
      channel.send({ id, type: 'done' });
    } catch (error) {
      if (signal.aborted) channel.send({ id, type: 'done' });
      else channel.send({ id, type: 'error', ...infoOf(error) });
    }
  };

  const preview = async ({ id, path, side }: ServeRequest & { type: 'preview' }): Promise<void> => {
    try {
      const jpeg = Buffer.from(await previewOf(path, side));
      channel.send({ id, type: 'preview', src: `data:image/jpeg;base64,${jpeg.toString('base64')}` });
    } catch (error) {
      channel.send({ id, type: 'error', ...infoOf(error) });
    }
  };

  channel.onRequest((request) => {
    if (request.type === 'cancel') return running.get(request.request)?.abort();
    if (request.type === 'preview') return void preview(request);
    const controller = new AbortController();
    running.set(request.id, controller);
    queue = queue.then(() => respond(request, controller.signal)).finally(() => running.delete(request.id));
  });
}
