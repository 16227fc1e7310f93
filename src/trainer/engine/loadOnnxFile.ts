/** ONNX models as they are, e.g. an export or a file to probe: ONNX Runtime runs them on the CPU, whatever trains. */
import type { Executable } from './engine.js';
import { Session } from './ort/session.js';
import { threadsFromEnvironment } from './threads.js';

/** It also knows the names of what it takes and gives. */
export interface OnnxExecutable extends Executable {
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
}

/** `model` is the bytes or the path of a file. Throws what ONNX Runtime throws; `mayFail` keeps its log silent. */
export const loadOnnxFile = (model: Uint8Array | string, { mayFail = false } = {}): Promise<OnnxExecutable> =>
  Session.create(model, { device: 'cpu', threads: threadsFromEnvironment(), mayFail });
