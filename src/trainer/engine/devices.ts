/**
 * The choice of a device: each is tried in a process of its own, since a driver's crash must not take the trainer
 * along.
 */
import { execFile } from 'node:child_process';
import * as l10n from '@vscode/l10n';
import { trainerProgram, probeCommand } from '../core/program.js';
import { errors, UserError, type Place } from '../errors/errors.js';
import type { DeviceName, DeviceReport } from '../protocol.js';
import { deviceReason } from './deviceReason.js';
import { keepVerdict, readVerdict } from './verdicts.js';

export interface ChosenDevice {
  device: DeviceName;
  /** Why it does not multiply in fp16; absent for a CPU that was not tried. */
  noFp16?: string;
}

/** Those that `auto` chooses from. TensorFlow is not among them: it is used where it is named. */
const automaticDevices: readonly DeviceName[] = ['cpu', 'webgpu', 'cuda'];

/** In milliseconds; TensorFlow first compiles its kernels for a graphics card that is newer than they are. */
const patience: Record<DeviceName, number> = { cpu: 60_000, webgpu: 60_000, cuda: 60_000, tensorflow: 180_000 };

/** Tries `device` in a child process, for at most so many milliseconds. */
export async function tryDevice(device: DeviceName, timeout = patience[device]): Promise<DeviceReport> {
  const report = await tryApart(device, timeout);
  if (device !== 'cuda' || !('reason' in report)) return report;
  const { whyNoCuda } = await import('../cuda/detect.js');
  const why = await whyNoCuda();
  return why ? { ...report, reason: why.message, error: why.toInfo() } : report;
}

function tryApart(device: DeviceName, timeout: number): Promise<DeviceReport> {
  return new Promise((resolve) => {
    execFile(process.execPath, [...trainerProgram, probeCommand, device], { timeout }, (error, stdout, stderr) => {
      const answer = lastJson(stdout);
      if (answer && 'error' in answer) return resolve(answer);
      if (answer) return resolve('reason' in answer ? { device, ...deviceReason(device, answer.reason) } : answer);
      if (error?.killed) {
        const reason = l10n.t('the trial took longer than {0} seconds', Math.round(timeout / 1000));
        return resolve({ device, reason });
      }
      const lastWords = stderr.trim().split('\n').at(-1);
      const end = l10n.t('the trial ended without a result ({0})', String(error?.signal ?? error?.code ?? '?'));
      const explained = deviceReason(device, lastWords || end);
      // The last words of a crash are a line of a stack.
      resolve({ device, ...(error?.signal && !explained.detail ? { reason: end } : explained) });
    });
  });
}

function lastJson(text: string): DeviceReport | undefined {
  const line = text.trim().split('\n').at(-1);
  if (!line?.startsWith('{')) return undefined;
  return JSON.parse(line) as DeviceReport;
}

export const tryDevices = (): Promise<DeviceReport[]> =>
  Promise.all(automaticDevices.map((device) => tryDevice(device)));

/** Tries `device` and keeps the verdict in the folder `verdicts`. */
export async function tryAndKeep(device: DeviceName, verdicts: string): Promise<DeviceReport> {
  const report = await tryDevice(device);
  await keepVerdict(verdicts, report);
  return report;
}

/**
 * The device to train on. `auto` takes the fastest that works and reports, through `notice`, when that is not a GPU.
 * A device that was named and does not work is a `UserError`, at `place`. `verdicts` is the folder of former trials.
 */
export async function chooseDevice(
  wanted: DeviceName | 'auto',
  notice: (code: string, message: string, remedy: string) => void,
  { verdicts, place = {} }: { verdicts: string; place?: Place },
): Promise<ChosenDevice> {
  if (wanted === 'cpu') return { device: 'cpu' };
  if (wanted !== 'auto') {
    const report = (await readVerdict(verdicts, wanted)) ?? (await tryAndKeep(wanted, verdicts));
    if ('error' in report && report.error) throw UserError.of(report.error).at(place);
    if ('reason' in report) throw errors.deviceUnusable(wanted, report.reason, place);
    if (report.onCpu) {
      const message = l10n.t('TensorFlow found no graphics card that it can use, so it computes on the CPU.');
      notice(
        'TENSORFLOW_ON_CPU',
        message,
        l10n.t(
          'Choose the device “cpu”, which is faster. For a graphics card TensorFlow needs the NVIDIA driver, CUDA 11.2 and cuDNN 8.1.',
        ),
      );
    }
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
