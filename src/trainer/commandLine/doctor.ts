/** `vitune doctor`: the engines and devices of this machine, and why one is not usable. */
import { cpus, totalmem } from 'node:os';
import * as l10n from '@vscode/l10n';
import { tryAndKeep, tryDevices } from '../engine/devices.js';
import type { CommandOutputs, DeviceReport, DoctorReport } from '../protocol.js';
import { cacheFolder, deviceFolder } from '../runs/cacheFolder.js';
import type { Arguments } from './commands.js';
import { table, type Output } from './output.js';

function usability(report: DeviceReport): string {
  if ('reason' in report) return l10n.t('not usable: {0}', report.reason);
  const speed = Math.round(report.gigaflops);
  if (report.onCpu) return l10n.t('usable, {0} GFLOP/s, on the CPU: no graphics card that it can use', speed);
  return report.noFp16 === undefined
    ? l10n.t('usable, {0} GFLOP/s, supports fp16', speed)
    : l10n.t('usable, {0} GFLOP/s', speed);
}

/** Before somebody installs it, or relies on it. */
const tensorflowWords = (): string =>
  l10n.t(
    'TensorFlow.js is optional, and little is done on it: its last release is of 2024, and it needs CUDA 11.2 and cuDNN 8.1 for a graphics card.',
  );

export async function doctor(_args: Arguments<'doctor'>, output: Output<CommandOutputs['doctor']>): Promise<void> {
  const engines: { engine: string; devices: DeviceReport[] }[] = [
    { engine: 'onnxruntime', devices: await tryDevices() },
    { engine: 'tensorflow', devices: [await tryAndKeep('tensorflow', deviceFolder(cacheFolder()))] },
  ];
  const report: DoctorReport = {
    type: 'doctor',
    node: process.version,
    platform: `${process.platform}-${process.arch}`,
    cores: cpus().length,
    memoryBytes: totalmem(),
    cache: cacheFolder(),
    engines: engines.map(({ engine, devices }) => ({
      engine,
      devices: devices.map((each) => ({ usable: !('reason' in each), ...each })),
    })),
  };
  output.json(report);
  const rows = engines.flatMap(({ engine, devices }) => devices.map((each) => [engine, each.device, usability(each)]));
  output.line(
    `Node ${report.node}, ${report.platform}, ${l10n.t('{0} cores, {1} GiB', report.cores, (report.memoryBytes / 2 ** 30).toFixed(1))}\n`,
  );
  output.line(table(rows));
  const remedies = engines.flatMap(({ devices }) =>
    devices.flatMap((each) => ('error' in each && each.error ? [each.error.remedy] : [])),
  );
  output.line(['', tensorflowWords(), ...remedies].join('\n'));
  const details = engines.flatMap(({ devices }) => devices.flatMap((each) => ('detail' in each ? [each.detail] : [])));
  if (details.length > 0) output.line(`\n${l10n.t('What the engines said:')}\n${details.join('\n')}`);
}
