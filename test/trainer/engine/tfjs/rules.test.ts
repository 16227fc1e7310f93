/** Every op, computed by the real TensorFlow, equals the interpreter. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { opTypes } from '../../onnx/emitCases.js';
import { noTensorflow, runOnTensorflow } from './realPackage.js';

test('every op on TensorFlow equals the interpreter', { skip: noTensorflow }, async (t) => {
  const program = fileURLToPath(new URL('../../onnx/emitCases.ts', import.meta.url));
  const faults = runOnTensorflow<Record<string, string[]>>(program);
  for (const type of opTypes) {
    // It would need ONNX's operators.
    if (type === 'foreign') continue;
    await t.test(type, () => assert.deepEqual(faults[type], []));
  }
  await t.test('a network from an ONNX file is refused in words', () =>
    assert.match(faults.foreign!.join(), /ONNX file cannot run on tensorflow/),
  );
});
