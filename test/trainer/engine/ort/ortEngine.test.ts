/**
 * The error of the engine when a device cannot run a graph: plain words for a network from an ONNX file, a bug for our
 * own graphs.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OrtEngine } from '../../../../src/trainer/engine/ort/ortEngine.js';
import { UserError } from '../../../../src/trainer/errors/errors.js';
import { Builder } from '../../../../src/trainer/ir/builder.js';
import { squareNetwork } from '../../onnx/squareNetwork.js';

/** A graph around x² + 1 from a file, in which one operator is of a kind that no device has. */
function graphWithStranger() {
  const network = squareNetwork();
  const [first, ...rest] = network.parts.nodes;
  const strange = network.with({
    nodes: [{ type: 'NoDeviceHasThis', inputs: first!.inputs, outputs: first!.outputs }, ...rest],
  });
  const b = new Builder();
  b.output('y', b.foreign(strange, b.input('x', [2, 3]), [2, 3]));
  return b.graph;
}

test('a network from a file that a device cannot run is reported with a remedy; on the CPU, where it was tried, that is a bug', async () => {
  await assert.rejects(new OrtEngine('webgpu').load(graphWithStranger()), (error: unknown) => {
    assert.ok(error instanceof UserError, String(error));
    assert.equal(error.code, 'ONNX_NOT_ON_DEVICE');
    assert.match(error.message, /webgpu/);
    assert.match(error.remedy, /"cpu"/);
    return true;
  });
  await assert.rejects(
    new OrtEngine('cpu').load(graphWithStranger()),
    (error: unknown) => error instanceof Error && !(error instanceof UserError),
  );
});
