/** Runs on Windows: killed and resumed, started twice, stopped by the named pipe. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryFolder } from '../trainer/data/images.js';
import { jsonLines, vitune, writeConfig, writeDataset } from '../trainer/commandLine/program.js';
import { skip } from './windows.js';

const lora = { method: 'lora', epochs: 3, seed: 5 };

test('killed at a checkpoint and resumed: the weights of a run that was not killed', { skip }, async (t) => {
  const folder = await temporaryFolder(t);
  await writeDataset(join(folder, 'photos'), { red: 6, green: 6 });
  const [whole, broken] = [join(folder, 'whole'), join(folder, 'broken')];
  const config = (output: string) => writeConfig(folder, { ...lora, output }, `${output.at(-1)}.vitune.json`);
  assert.equal((await vitune(['train', await config(whole)])).code, 0);
  const killed = await vitune(['train', await config(broken), '--json'], {
    onLine: (line, child) => {
      if (line.includes('"type":"checkpoint"')) child.kill('SIGKILL');
    },
  });
  assert.notEqual(killed.code, 0);
  const resumed = await vitune(['train', await config(broken), '--resume', '--json']);
  assert.equal(resumed.code, 0, resumed.stdout);
  const step = (await readFile(join(whole, 'last'), 'utf8')).trim();
  assert.equal((await readFile(join(broken, 'last'), 'utf8')).trim(), step);
  for (const file of ['adapter_model.safetensors', 'optimizer.safetensors'])
    assert.deepEqual(
      await readFile(join(broken, 'checkpoints', step, file)),
      await readFile(join(whole, 'checkpoints', step, file)),
      file,
    );
});

test('a second start on a run is refused, and a stop by the named pipe ends with a checkpoint', { skip }, async (t) => {
  const folder = await temporaryFolder(t);
  await writeDataset(join(folder, 'photos'), { red: 6, green: 6 });
  const run = join(folder, 'run');
  const config = await writeConfig(folder, { ...lora, epochs: 4000, output: run });
  let second: Promise<{ code: number | null; stdout: string }> | undefined;
  let stopped = false;
  const first = await vitune(['train', config, '--json'], {
    onLine: (line) => {
      if (!line.includes('"type":"checkpoint"')) return;
      second ??= vitune(['train', config, '--resume', '--json']);
      if (stopped) return;
      stopped = true;
      void second.then(async () => {
        const { socket } = JSON.parse(await readFile(join(run, 'lock.json'), 'utf8')) as { socket: string };
        assert.match(socket, /^\\\\[.?]\\pipe\\/);
        const pipe = connect(socket);
        await once(pipe, 'connect');
        pipe.write('{"type":"stop"}\n');
        pipe.resume();
      });
    },
  });
  const refused = await second!;
  assert.equal(refused.code, 2);
  assert.equal(jsonLines(refused.stdout).at(-1)!.code, 'RUN_LOCKED');
  assert.equal(jsonLines(first.stdout).at(-1)!.type, 'stopped');
});
