/** The default learning rate is a number where the model's width is known. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Formats } from '../../../src/shared/formats.js';
import { rateFor } from '../../../src/webview/trainPanel/rateFor.js';

const formats = new Formats('en');

test('the width of the model is put into the rule', () => {
  assert.equal(rateFor('0.00005 × 768 / width', 192, formats), '2e-4');
  assert.equal(rateFor('0.00005 × 768 / genişlik', 768, formats), '5e-5');
});

test('a rule without a known width, and a plain number, are unchanged', () => {
  assert.equal(rateFor('0.00005 × 768 / width', undefined, formats), '0.00005 × 768 / width');
  assert.equal(rateFor('0.001', 192, formats), '0.001');
  assert.equal(rateFor('', 192, formats), '');
});
