/**
 * `vitune train --profile`: the time of a run by stage, and of its kernels by pass, part and operator; nothing without
 * the option.
 */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import type { ProfileReport, TrainEvent } from '../../../src/trainer/protocol.js';
import { timed, spans, type Span } from '../../../src/trainer/core/stages.js';
import { eventsOf, jsonLines, vitune, writeConfig, writeDataset } from './program.js';
import { temporaryFolder } from '../data/images.js';
import { golden } from '../models/goldenCheckpoint.js';

interface Trace {
  traceEvents: {
    name: string;
    cat: string;
    ph: string;
    ts: number;
    dur: number;
    args?: { graph: string; pass: string; part: string };
  }[];
}

test('a profiled run: stages, kernels, a trace; the same losses as without', async (t) => {
  const folder = await temporaryFolder(t);
  await writeDataset(join(folder, 'photos'), { red: 6, green: 6 });
  const config = await writeConfig(folder, { method: 'lora', gradientCheckpointing: true, epochs: 1 });
  const ended = await vitune(['train', config, '--profile', '--json']);
  assert.equal(ended.code, 0, ended.stderr);
  const run = join(folder, 'runs', 'run');
  const report = jsonLines<ProfileReport>(ended.stdout).at(-1)!;
  assert.deepEqual([report.type, report.file], ['profile', join(run, 'profile.json')]);
  const counts = Object.fromEntries(report.stages.map(({ name, count }) => [name, count]));
  for (const stage of ['start', 'model', 'scan', 'version', 'cache', 'compile', 'check', 'evaluate', 'checkpoint'])
    assert.equal(counts[stage], 1, stage);
  assert.deepEqual([counts.step, counts.wait, counts.session], [3, 3, 2]);
  assert.ok(counts.decode! >= 3, 'the images are new');
  for (const { seconds } of [report.stages, report.passes, report.parts, report.ops].flat()) assert.ok(seconds >= 0);
  const names = (rows: ProfileReport['ops']): string[] => rows.map(({ name }) => name).sort();
  for (const pass of ['step: forward', 'step: recompute', 'step: backward', 'step: update', 'forward: forward'])
    assert.ok(names(report.passes).includes(pass), pass);
  for (const part of ['vit.encoder.layer.0', 'vit.encoder.layer.2', 'head', 'rest'])
    assert.ok(names(report.parts).includes(part), part);
  assert.ok(names(report.ops).includes('Gemm'));

  const { traceEvents } = JSON.parse(await readFile(report.file, 'utf8')) as Trace;
  const steps = traceEvents.filter(({ name }) => name === 'step');
  assert.equal(steps.length, 3);
  // ONNX Runtime has not merged recomputed values with the first ones: both are computed in every step.
  const softmaxes = (pass: string): number =>
    traceEvents.filter(({ name, args }) => name === 'Softmax' && args?.graph === 'step' && args.pass === pass).length;
  assert.deepEqual([softmaxes('forward'), softmaxes('recompute')], [9, 9]);

  const plain = await vitune(['train', config, '--json', '--set', `output=${join(folder, 'plain')}`]);
  assert.equal(plain.code, 0, plain.stderr);
  const losses = (events: TrainEvent[]): number[] =>
    events.flatMap((event) => (event.type === 'step' ? [event.loss] : []));
  assert.deepEqual(losses(await eventsOf(run)), losses(await eventsOf(join(folder, 'plain'))));
  assert.ok(!existsSync(join(folder, 'plain', 'profile.json')));
});

test('text output: tables; for a failed run, the measurements until then', async (t) => {
  const folder = await temporaryFolder(t);
  await writeDataset(join(folder, 'photos'), { red: 6, green: 6 });
  const config = await writeConfig(folder, { method: 'lora', learningRate: 1e-3, epochs: 1 });
  const ended = await vitune(['train', config, '--profile']);
  assert.equal(ended.code, 0, ended.stderr);
  for (const words of [/Where the time went/, /training steps +\d/, /step: backward +\d/, /Gemm +\d/, /profile\.json/])
    assert.match(ended.stdout, words);
  const failed = await vitune(['train', config, '--profile', '--set', 'dataset=nowhere']);
  assert.equal(failed.code, 2);
  assert.match(failed.stderr, /DATASET_MISSING/);
});

test('the nodes of a network from an ONNX file are the backbone, whether it takes batches or images one by one', async (t) => {
  const folder = await temporaryFolder(t);
  await writeDataset(join(folder, 'photos'), { red: 6, green: 6 });
  for (const network of ['vit', 'resnet', 'resnet-one']) {
    const model = join(golden, 'onnx', `${network}.onnx`);
    const config = await writeConfig(
      folder,
      { model, imageSize: 32, method: 'head', epochs: 1, output: network },
      `${network}.vitune.json`,
    );
    const ended = await vitune(['train', config, '--profile', '--json']);
    assert.equal(ended.code, 0, ended.stderr);
    const report = jsonLines<ProfileReport>(ended.stdout).at(-1)!;
    const { traceEvents } = JSON.parse(await readFile(report.file, 'utf8')) as Trace;
    const inPrefix = traceEvents.filter(({ args }) => args?.graph === 'prefix');
    const ofBackbone = inPrefix.filter(({ args }) => args!.part === 'backbone');
    assert.ok(ofBackbone.length > inPrefix.length / 2, `${network}: ${ofBackbone.length} of ${inPrefix.length}`);
    assert.ok(
      ofBackbone.some(({ name }) => /Conv/.test(name)) && ofBackbone.every(({ args }) => args!.pass === 'forward'),
    );
    // The loop over images takes no time of its own, only that of its nodes.
    assert.ok(report.parts.some(({ name }) => name === 'backbone') && !report.ops.some(({ name }) => name === 'Scan'));
  }
});

test('stages are published to subscribers; their results and errors pass through', async () => {
  assert.equal(await timed('scan', () => 1), 1);
  const heard: Span[] = [];
  const listen = (span: unknown): void => void heard.push(span as Span);
  spans.subscribe(listen);
  assert.equal(await timed('scan', () => Promise.resolve(2)), 2);
  await assert.rejects(
    timed('model', () => Promise.reject(new Error('as it is'))),
    /as it is/,
  );
  spans.unsubscribe(listen);
  assert.deepEqual(
    heard.map(({ stage }) => stage),
    ['scan', 'model'],
  );
  for (const { start, end } of heard) assert.ok(end >= start);
});
