/** What this machine can compute on, as `vitune doctor` finds it: for the panel's list, and as a page. */
import * as vscode from 'vscode';
import type { DeviceReport } from '../../trainer/protocol.js';
import type { DeviceChoice } from '../../webview/protocol.js';
import { infoOf } from '../errors/showError.js';
import { withProgress } from '../progress.js';
import type { ReportPanels } from '../reports/reportPanels.js';
import type { Launch } from '../trainer/launch.js';
import { outputOf, runCommand } from '../trainer/runCommand.js';
import type { EngineReport } from './doctorReport.js';

const { t } = vscode.l10n;

/** In a word where it is an optional package that nobody installed: the page has its remedy. */
const unavailabilityOf = ({ reason, error }: Extract<DeviceReport, { reason: string }>): string =>
  error?.code === 'TENSORFLOW_MISSING' ? t('not installed') : reason;

function choiceOf(report: EngineReport): DeviceChoice {
  const { device: value } = report;
  if ('reason' in report) return { value, unavailable: unavailabilityOf(report) };
  return { value, ...(report.onCpu && { detail: t('on the CPU') }) };
}

export class Doctor {
  #reports: Promise<EngineReport[]> | undefined;

  constructor(
    private readonly panels: ReportPanels,
    private readonly launch: Launch,
  ) {}

  /** The panel's choices; the devices are tried once. */
  async devices(): Promise<DeviceChoice[]> {
    this.#reports ??= this.#ask();
    try {
      return [{ value: 'auto' }, ...(await this.#reports).map(choiceOf)];
    } catch (error) {
      // The panel does not need it: the trainer reports the same for a requested device.
      infoOf(error);
      this.#reports = undefined;
      return [{ value: 'auto' }, { value: 'cpu' }, { value: 'webgpu' }, { value: 'cuda' }, { value: 'tensorflow' }];
    }
  }

  /** What was found no longer holds. */
  forget(): void {
    this.#reports = undefined;
  }

  async show(): Promise<void> {
    const reports = await withProgress(t('Trying engines and devices…'), (signal) => this.#ask(signal));
    this.#reports = Promise.resolve(reports);
    await this.panels.show('doctor', { devices: reports });
  }

  async #ask(signal?: AbortSignal): Promise<EngineReport[]> {
    const { engines } = outputOf(await runCommand(this.launch, 'doctor', { args: [], signal }), 'doctor');
    return engines.flatMap(({ engine, devices }) => devices.map((device) => ({ engine, ...device })));
  }
}
