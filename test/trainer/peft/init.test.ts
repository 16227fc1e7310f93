/** Where training starts. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { firstValues } from '../../../src/trainer/peft/init.js';

const query = 'vit.encoder.layer.0.attention.attention.query';
const place = 'vit.encoder.layer.0.output_adapter';
const none = (): Float32Array => assert.fail('asks for no weight of the model');
const first = (name: string, shape: number[], seed: number): Float32Array =>
  firstValues([{ name, shape }], none, seed).get(name)!;

test('the first matrix of a product is uniform within 1/√in, by name and seed; the last one is zero', () => {
  for (const [down, zeros] of [
    [`${query}.lora_A.weight`, [`${query}.lora_B.weight`]],
    [
      `${place}.adapter_down.weight`,
      [`${place}.adapter_up.weight`, `${place}.adapter_up.bias`, `${place}.adapter_down.bias`],
    ],
  ] as const) {
    const values = first(down, [8, 100], 1);
    assert.equal(values.length, 800);
    assert.ok(values.every((value) => Math.abs(value) <= 0.1));
    // A uniform distribution on ±0.1 has the deviation 0.1/√3 = 0.0577.
    const deviation = Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / 800);
    assert.ok(Math.abs(deviation - 0.0577) < 0.005, String(deviation));
    assert.deepEqual(first(down, [8, 100], 1), values);
    assert.notDeepEqual(first(down, [8, 100], 2), values);
    assert.notDeepEqual(first(down.replace('layer.0', 'layer.1'), [8, 100], 1), values);
    for (const name of zeros)
      assert.ok(
        first(name, [100, 8], 1).every((value) => value === 0),
        name,
      );
  }
});

test("DoRA's magnitude begins as the length of each row of the weight, all else as a copy of the model's own", () => {
  const weight = Float32Array.of(3, 4, 0, 0, 5, 12);
  const parameters = [
    { name: `${query}.lora_A.weight`, shape: [1, 2] },
    { name: `${query}.lora_magnitude_vector`, shape: [3] },
    { name: 'classifier.weight', shape: [3, 2] },
  ];
  const asked: string[] = [];
  const values = firstValues(
    parameters,
    (name, shape) => {
      asked.push(`${name} ${shape.join()}`);
      return weight;
    },
    0,
  );
  assert.deepEqual(values.get(`${query}.lora_magnitude_vector`), Float32Array.of(5, 0, 13));
  assert.deepEqual(asked, [`${query}.weight 3,2`, 'classifier.weight 3,2']);
  assert.deepEqual(values.get('classifier.weight'), weight);
  assert.notEqual(values.get('classifier.weight')!.buffer, weight.buffer, 'a copy, since training may change it');
});
