/** The head of a base goes by the names of its classes. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { openBaseModel } from '../../../src/trainer/models/baseModel.js';
import { withHeadFor } from '../../../src/trainer/models/headByName.js';
import { golden, numbersOf } from './goldenCheckpoint.js';

const { labels } = numbersOf('vit');
const count = labels.length;
const openVit = () => openBaseModel({ model: join(golden, 'models', 'vit'), init: 'pretrained', seed: 0 });

test('classes in another order: each keeps its row', async () => {
  const opened = await openVit();
  const order = [...labels].reverse();
  const { base, notice } = withHeadFor(opened, order);
  assert.equal(notice, undefined);
  const { features } = opened.config;
  const [was, is] = [opened, base].map((each) => each.weight('classifier.weight', [count, features], 0));
  const [wasBias, isBias] = [opened, base].map((each) => each.weight('classifier.bias', [count], 0));
  labels.forEach((label, row) => {
    const to = order.indexOf(label);
    assert.deepEqual(
      is!.subarray(to * features, (to + 1) * features),
      was!.subarray(row * features, (row + 1) * features),
      label,
    );
    assert.equal(isBias![to], wasBias![row]);
  });
  assert.notDeepEqual(is, was);
  assert.equal(base.place('classifier.weight', [count, features]), undefined);
  assert.ok(base.owns('classifier.weight', [count, features]));
  const query = 'vit.encoder.layer.0.attention.attention.query.weight';
  assert.deepEqual(base.weight(query, [48, 48], 0), opened.weight(query, [48, 48], 0));
});

test('the same order: the base as it is', async () => {
  const opened = await openVit();
  assert.equal(withHeadFor(opened, labels).base, opened);
});

test('other names: a new head, and a notice', async () => {
  const opened = await openVit();
  const shape = [count, opened.config.features];
  for (const other of [
    [...labels.slice(1), 'fern'],
    [labels[0]!, labels[0]!, ...labels.slice(2)],
  ]) {
    const { base, notice } = withHeadFor(opened, other);
    assert.equal(notice?.code, 'HEAD_RENEWED');
    assert.ok(!base.owns('classifier.weight', shape));
    const [first, second] = [1, 2].map((seed) => base.weight('classifier.weight', shape, seed));
    assert.notDeepEqual(first, second);
    assert.notDeepEqual(first, opened.weight('classifier.weight', shape, 0));
    assert.ok(base.weight('classifier.bias', [count], 1).every((value) => value === 0));
  }
});

test('another number of classes needs no notice: such a head was never kept', async () => {
  const opened = await openVit();
  assert.deepEqual(withHeadFor(opened, ['a', 'b']), { base: opened });
});
