/** `vitune doctor`: the engines and devices of this machine, and why one is not usable. */
import { cpus, totalmem } from 'node:os';
import * as l10n from '@vscode/l10n';
import { tensorflowReason, tryDevices } from '../engine/devices.js';
import type { CommandOutputs, DeviceReport, DoctorReport } from '../protocol.js';
import { cacheFolder } from '../runs/cacheFolder.js';
import type { Arguments } from './commands.js';
import { table, type Output } from './output.js';

const usability = (gigaflops: number, hasFp16: boolean): string =>
  hasFp16
    ? l10n.t('usable, {0} GFLOP/s, supports fp16', Math.round(gigaflops))
    : l10n.t('usable, {0} GFLOP/s', Math.round(gigaflops));

export async function doctor(_args: Arguments<'doctor'>, output: Output<CommandOutputs['doctor']>): Promise<void> {
  const engines: { engine: string; devices: DeviceReport[] }[] = [
    { engine: 'onnxruntime', devices: await tryDevices() },
    { engine: 'tensorflow', devices: [{ device: 'cuda', reason: tensorflowReason() }] },
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
  const rows = engines.flatMap(({ engine, devices }) =>
    devices.map((each) => [
      engine,
      each.device,
      'reason' in each ? l10n.t('not usable: {0}', each.reason) : usability(each.gigaflops, each.noFp16 === undefined),
    ]),
  );
  output.line(
    `Node ${report.node}, ${report.platform}, ${l10n.t('{0} cores, {1} GiB', report.cores, (report.memoryBytes / 2 ** 30).toFixed(1))}\n`,
  );
  output.line(table(rows));
  const details = engines.flatMap(({ devices }) => devices.flatMap((each) => ('detail' in each ? [each.detail] : [])));
  if (details.length > 0) output.line(`\n${l10n.t('What the engines said:')}\n${details.join('\n')}`);
}
