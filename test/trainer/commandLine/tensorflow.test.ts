/** `vitune train`, `evaluate` and `classify` on the real TensorFlow give what they give in ONNX Runtime. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Classification, ErrorInfo, Evaluation, RecordedEvent } from '../../../src/trainer/protocol.js';
import { temporaryFolder } from '../data/images.js';
import { noTensorflow, tensorflowEnvironment } from '../engine/tfjs/realPackage.js';
import { assertPlain, eventsOf, jsonLines, vitune, writeConfig, writeDataset } from './program.js';

let folder: string;
const cleanUps: (() => unknown)[] = [];
before(async () => {
  folder = await temporaryFolder({
    after: (clean: () => unknown) => void cleanUps.push(clean),
  } as unknown as Parameters<typeof temporaryFolder>[0]);
  await writeDataset(join(folder, 'photos'), { red: 6, green: 6, blue: 6 });
});
after(async () => {
  for (const clean of cleanUps) await clean();
});

const run = (args: string[]) => vitune([...args, '--json'], { env: tensorflowEnvironment(), cwd: folder });

const only = <T extends RecordedEvent['type']>(events: RecordedEvent[], type: T) =>
  events.filter((event): event is Extract<RecordedEvent, { type: T }> => event.type === type);

/** Trains, and gives the events of the run. */
async function trained(device: string, method: object | string): Promise<RecordedEvent[]> {
  const name = `${device}-${JSON.stringify(method).replace(/\W+/g, '')}`;
  const config = await writeConfig(folder, { method, device, loggingSteps: 1 }, `${name}.vitune.json`);
  const ended = await run(['train', config]);
  assert.equal(ended.code, 0, ended.stderr + ended.stdout);
  assertPlain(ended);
  return eventsOf(join(folder, 'runs', name));
}

for (const method of ['head', 'full', { type: 'lora', rank: 4, targetModules: ['query', 'value'] }, 'qlora'])
  test(`a run of ${JSON.stringify(method)}`, { skip: noTensorflow }, async () => {
    const [expected, actual] = [await trained('cpu', method), await trained('tensorflow', method)];
    assert.equal(only(actual, 'started')[0]!.device, 'tensorflow');
    const losses = (events: RecordedEvent[]) => only(events, 'step').map(({ loss }) => loss);
    assert.ok(losses(actual).length > 0);
    assert.equal(losses(actual).length, losses(expected).length);
    losses(expected).forEach((loss, i) => assert.ok(Math.abs(losses(actual)[i]! - loss) < 1e-4 * Math.max(1, loss)));
    // Its best checkpoint answers alike in a fresh process, which runs ONNX Runtime.
    const { parity } = only(actual, 'finished')[0]!;
    assert.ok(parity && parity.largestDifference < 1e-4, JSON.stringify(parity));
    assert.deepEqual(
      only(actual, 'notice').map(({ code }) => code),
      [...only(expected, 'notice').map(({ code }) => code), 'TENSORFLOW_ON_CPU'],
    );
  });

const checkpoint = (): string => join(folder, 'runs', 'tensorflow-head');

test('evaluate and classify', { skip: noTensorflow }, async () => {
  const evaluated = async (device: string) => {
    const args = ['evaluate', '--checkpoint', checkpoint(), '--dataset', join(folder, 'photos'), '--all'];
    const ended = await run([...args, '--device', device]);
    assert.equal(ended.code, 0, ended.stderr);
    return jsonLines<Evaluation & { type: string }>(ended.stdout).find(({ type }) => type === 'evaluation')!;
  };
  const [expected, actual] = [await evaluated('cpu'), await evaluated('tensorflow')];
  assert.ok(Math.abs(actual.loss - expected.loss) < 1e-5);
  assert.equal(actual.accuracy, expected.accuracy);

  const classified = async (device: string) => {
    const args = ['classify', join(folder, 'photos'), '--checkpoint', checkpoint(), '--device', device];
    const ended = await run(args);
    assert.equal(ended.code, 0, ended.stderr);
    return jsonLines<Classification & { type: string; predictions?: { label: string; probability: number }[] }>(
      ended.stdout,
    ).flatMap(({ predictions }) => predictions?.map(({ probability }) => probability) ?? []);
  };
  const [theirs, ours] = [await classified('cpu'), await classified('tensorflow')];
  assert.equal(ours.length, 18 * 3);
  assert.equal(theirs.length, ours.length);
  theirs.forEach((probability, i) => assert.ok(Math.abs(ours[i]! - probability) < 1e-4));
});

test('an exported ONNX file is refused', { skip: noTensorflow }, async () => {
  const output = join(folder, 'exported');
  const exported = await run(['export', '--checkpoint', checkpoint(), '--format', 'onnx', '--output', output]);
  assert.equal(exported.code, 0, exported.stderr);
  const ended = await run(['classify', join(folder, 'photos'), '--checkpoint', output, '--device', 'tensorflow']);
  assert.notEqual(ended.code, 0);
  assert.match(ended.stdout, /ONNX_NOT_ON_DEVICE/);
  assert.match(ended.stdout, /it is for ONNX Runtime/);
});

test('a config that names TensorFlow where there is none says what to install', async () => {
  const config = await writeConfig(folder, { device: 'tensorflow' }, 'absent.vitune.json');
  const ended = await vitune(['train', config, '--json'], { env: { VITUNE_TENSORFLOW: join(folder, 'photos') } });
  assert.equal(ended.code, 2);
  const error = jsonLines<ErrorInfo & { type: string }>(ended.stdout).find(({ type }) => type === 'error')!;
  assert.equal(error.code, 'TENSORFLOW_MISSING');
  assert.match(error.remedy, /npm install/);
  assert.deepEqual([error.file, error.line], [config, 4]);
});
