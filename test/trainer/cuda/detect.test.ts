/** What is read from the driver's tools, in the formats that they print, and what follows from it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  cardRefusal,
  isOlder,
  missingLibraries,
  parseCards,
  parseLibraries,
} from '../../../src/trainer/cuda/detect.js';

test('the cards of nvidia-smi', () => {
  const text = 'NVIDIA H200, 580.65.06, 9.0, 143771\nNVIDIA GeForce GT 1030, 580.65.06, 6.1, 2000\n';
  assert.deepEqual(parseCards(text), [
    { name: 'NVIDIA H200', driver: '580.65.06', capability: '9.0', memory: 143771 },
    { name: 'NVIDIA GeForce GT 1030', driver: '580.65.06', capability: '6.1', memory: 2000 },
  ]);
  const unknown = parseCards('NVIDIA GB10, 580.95.05, 12.1, [N/A]\r\n');
  assert.deepEqual(unknown, [{ name: 'NVIDIA GB10', driver: '580.95.05', capability: '12.1', memory: undefined }]);
});

test('other text gives no cards', () => {
  for (const text of [
    '',
    'No devices were found\n',
    'Failed to initialize NVML: Driver/library version mismatch\nNVML library version: 580.65\n',
    'a, b, c, d\n',
    `${'x,'.repeat(100_000)}\n`,
  ])
    assert.deepEqual(parseCards(text), [], text.slice(0, 40));
});

test('each limit has its own refusal', () => {
  const card = { name: 'a card', driver: '580.65.06', capability: '7.5', memory: 4096 };
  assert.equal(cardRefusal(card), undefined);
  assert.equal(cardRefusal({ ...card, driver: '575.99' })?.code, 'CUDA_DRIVER_OLD');
  assert.equal(cardRefusal({ ...card, capability: '7.0' })?.code, 'CUDA_CARD_OLD');
  assert.equal(cardRefusal({ ...card, memory: 2000 })?.code, 'CUDA_CARD_SMALL');
  assert.equal(cardRefusal({ ...card, capability: undefined, memory: undefined }), undefined);
});

test('versions are compared by number', () => {
  assert.equal(isOlder('7.5', '10.0'), true);
  assert.equal(isOlder('580', '580.0'), false);
  assert.equal(isOlder('580.65.06', '580'), false);
});

test("the loader's list names libraries, and a folder in LD_LIBRARY_PATH adds its own", async () => {
  const text =
    "2 libs found in cache `/etc/ld.so.cache'\n\tlibz.so.1 (libc6,x86-64) => /lib/x86_64-linux-gnu/libz.so.1\n" +
    '\tlibcudart.so.13 (libc6,x86-64) => /usr/local/cuda/lib64/libcudart.so.13\n';
  assert.deepEqual([...parseLibraries(text)], ['libz.so.1', 'libcudart.so.13']);
  assert.ok(Array.isArray(await missingLibraries({ LD_LIBRARY_PATH: '/does/not/exist:' })));
});
