/** `vitune test`: whether a model holds what a file asks of it. */
import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import * as l10n from '@vscode/l10n';
import { loadTests } from '../config/loadTests.js';
import { errors, reasonOf } from '../errors/errors.js';
import { runModelTests } from '../inference/modelTests.js';
import { provideDataset } from '../models/hubSources.js';
import type { CommandOutputs, TestResult } from '../protocol.js';
import { cacheFolder } from '../runs/cacheFolder.js';
import type { Arguments } from './commands.js';
import { usageOf } from './help.js';
import { junitXml } from './junit.js';
import { bar, downloadStatus, type Output } from './output.js';

export async function test(
  { operands, only, junit }: Arguments<'test'>,
  output: Output<CommandOutputs['test']>,
  signal: AbortSignal,
): Promise<'failed' | void> {
  const loaded = await loadTests(operands[0]!);
  const names = loaded.names.map(({ name }) => name);
  const unknown = only.find((name) => !names.includes(name));
  if (unknown !== undefined)
    throw errors.usage(l10n.t('{0} is not one of {1}.', unknown, names.join(', ')), usageOf('test'));
  const onDownload = (done: number, total: number): void => output.status(downloadStatus(done, total));
  const { dataset } = loaded;
  const results: TestResult[] = [];
  const seconds: number[] = [];
  let start = performance.now();
  await runModelTests({
    loaded,
    dataset: dataset && (await provideDataset(dataset, { signal, onProgress: onDownload })).folder,
    wants: (name) => !only.length || only.includes(name),
    cacheFolder: cacheFolder(),
    signal,
    onProgress: (done, total) => output.status(`${bar(done / total)} ${done}/${total}`),
    onProblem: (problem) => output.problem(problem),
    onResult(result) {
      results.push(result);
      seconds.push((performance.now() - start) / 1000);
      start = performance.now();
      output.json(result);
      const { name, passed, message } = result;
      output.line(`${passed ? '✓' : '✗'} ${name}: ${message.replaceAll('\n', '\n    ')}`);
    },
  });
  const failed = results.filter(({ passed }) => !passed).length;
  if (junit !== undefined)
    await writeFile(resolve(junit), junitXml(loaded.file, results, seconds)).catch((error: unknown) => {
      throw errors.tests.notWritten(resolve(junit), reasonOf(error));
    });
  output.line();
  output.line(l10n.t('{0} of {1} tests passed.', results.length - failed, results.length));
  return failed ? 'failed' : undefined;
}
