/** The tensors of an ONNX file that can be taken for features, as the trainer finds them. */
import type { OnnxInspection } from '../../trainer/protocol.js';
import type { Launch } from '../trainer/launch.js';
import { runJson } from '../trainer/runJson.js';

/** Throws `ShownError` for what is no such file. */
export async function inspectOnnx(launch: Launch, file: string): Promise<OnnxInspection> {
  const objects = (await runJson(launch, { script: 'cli', args: ['inspect', file, '--json'] })) as OnnxInspection[];
  const inspection = objects.find(({ type }) => type === 'onnx');
  if (!inspection) throw new Error(`Inspecting ${file} printed no result`);
  return inspection;
}
