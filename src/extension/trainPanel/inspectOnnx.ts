/** The tensors of an ONNX file that can serve as features, as the trainer finds them. */
import type { OnnxInspection } from '../../trainer/protocol.js';
import type { Launch } from '../trainer/launch.js';
import { outputOf, runCommand } from '../trainer/runCommand.js';

/** Throws `ShownError` for a file that is not an ONNX file. */
export async function inspectOnnx(launch: Launch, file: string): Promise<OnnxInspection> {
  return outputOf(await runCommand(launch, 'inspect', { args: [file] }), 'onnx');
}
