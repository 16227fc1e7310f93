/**
 * The choice of a device: each is tried in a process of its own, since a driver's crash must not take the trainer
 * along.
 */
import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import * as l10n from '@vscode/l10n';
import { trainerProgram, probeCommand } from '../core/program.js';
import { errors, type Place } from '../errors/errors.js';
import type { DeviceName, DeviceReport } from '../protocol.js';
import { deviceReason } from './deviceReason.js';

export interface ChosenDevice {
  device: DeviceName;
  /** Why it does not multiply in fp16; absent for a CPU that was not tried. */
  noFp16?: string;
}

const deviceNames: readonly DeviceName[] = ['cpu', 'webgpu', 'cuda'];

/** Tries `device` in a child process. */
export function tryDevice(device: DeviceName): Promise<DeviceReport> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [...trainerProgram, probeCommand, device],
      { timeout: 60_000 },
      (error, stdout, stderr) => {
        const answer = lastJson(stdout);
        if (answer) return resolve('reason' in answer ? { device, ...deviceReason(device, answer.reason) } : answer);
        const lastWords = stderr.trim().split('\n').at(-1);
        const end = l10n.t('the trial ended without a result ({0})', String(error?.signal ?? error?.code ?? '?'));
        resolve({ device, ...deviceReason(device, lastWords || end) });
      },
    );
  });
}

function lastJson(text: string): DeviceReport | undefined {
  const line = text.trim().split('\n').at(-1);
  if (!line?.startsWith('{')) return undefined;
  return JSON.parse(line) as DeviceReport;
}

export const tryDevices = (): Promise<DeviceReport[]> => Promise.all(deviceNames.map(tryDevice));

/**
 * The device to train on. `auto` takes the fastest that works and reports, through `notice`, when that is not a GPU.
 * A device that was named and does not work is a `UserError`.
 */
export async function chooseDevice(
  wanted: DeviceName | 'auto',
  notice: (code: string, message: string, remedy: string) => void,
  place: Place = {},
): Promise<ChosenDevice> {
  if (wanted === 'cpu') return { device: 'cpu' };
  if (wanted !== 'auto') {
    const report = await tryDevice(wanted);
    if ('reason' in report) throw errors.deviceUnusable(wanted, report.reason, place);
    return report;
  }
  const reports = await tryDevices();
  const usable = reports
    .flatMap((report) => ('gigaflops' in report ? [report] : []))
    .sort((a, b) => b.gigaflops - a.gigaflops);
  const chosen = usable[0] ?? { device: 'cpu' };
  if (chosen.device === 'cpu') {
    const message =
      usable.length > 1
        ? l10n.t('Training runs on the CPU, which is faster here than the graphics card.')
        : l10n.t('Training runs on the CPU, since no graphics card can be used.');
    notice('DEVICE_FALLBACK', message, l10n.t('"vitune doctor" shows the reason for each device.'));
  }
  return chosen;
}

/** Why the optional TensorFlow engine is not usable. */
export function tensorflowReason(): string {
  try {
    createRequire(import.meta.url).resolve('@tensorflow/tfjs-node-gpu');
    return l10n.t('installed, but ViTune has no engine for it yet');
  } catch {
    return l10n.t('not installed (optional)');
  }
}
