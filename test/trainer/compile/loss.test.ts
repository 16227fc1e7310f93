/** The losses and their gradients on random and extreme logits, compared with PyTorch's (test/golden/losses.py). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { backward } from '../../../src/trainer/autodiff/backward.js';
import { lossOf } from '../../../src/trainer/compile/loss.js';
import { Builder } from '../../../src/trainer/ir/builder.js';
import { goldenLosses, specOf } from '../goldenLosses.js';
import { difference, runGraph } from '../onnx/runGraph.js';

for (const [name, golden] of Object.entries(goldenLosses().losses)) {
  test(`${name}: loss and gradient equal PyTorch's, at extreme logits too`, async () => {
    const { logits, targets, loss, gradient } = golden.values;
    const shape = [logits.length, logits[0]!.length];
    const b = new Builder();
    const [input, wanted] = [b.input('logits', shape), b.input('targets', shape)];
    const mean = b.scale(b.total(lossOf(b, input, wanted, specOf(golden))), 1 / logits.length);
    b.output('loss', mean);
    b.output('gradient', backward(b, mean, [input])[0]!);
    const found = await runGraph(b.graph, 'cpu', { logits: logits.flat(), targets: targets.flat() });
    assert.equal(difference(found['loss']!, [loss], 1e-5), undefined);
    assert.equal(difference(found['gradient']!, gradient.flat(), 1e-5), undefined);
  });
}

test('the cross-entropy of one task is not a larger graph than without tasks', () => {
  const b = new Builder();
  const [logits, targets] = [b.input('logits', [2, 3]), b.input('targets', [2, 3])];
  lossOf(b, logits, targets, { tasks: [{ labels: 3, multiLabel: false }] });
  assert.deepEqual(
    b.graph.nodes.map(({ op }) => op.type),
    ['input', 'input', 'logSoftmax', 'mul', 'neg', 'sum', 'reshape'],
  );
});
