/** What this machine can compute on, as `vitune doctor` finds it: for the panel's list, and as a page. */
import * as vscode from 'vscode';
import type { DeviceName } from '../../trainer/protocol.js';
import type { DeviceChoice } from '../../webview/protocol.js';
import { infoOf } from '../errors/showError.js';
import { withProgress } from '../progress.js';
import { html, type Html } from '../reports/html.js';
import { showReport } from '../reports/reportPanel.js';
import type { Launch } from '../trainer/launch.js';
import { runJson } from '../trainer/runJson.js';

const { t } = vscode.l10n;

/** One line of the doctor's answer: how fast the device is, or why it cannot be used. */
type DeviceReport = { device: DeviceName; gigaflops: number } | { device: DeviceName; reason: string };

export class Doctor {
  #reports: Promise<DeviceReport[]> | undefined;

  constructor(
    private readonly context: vscode.ExtensionContext,
    private readonly launch: Launch,
  ) {}

  /** The panel's choices; asks the machine once. */
  async devices(): Promise<DeviceChoice[]> {
    this.#reports ??= this.#ask();
    try {
      const reports = await this.#reports;
      return [
        { value: 'auto' },
        ...reports.map((report): DeviceChoice => ({ value: report.device, ...('reason' in report ? { unavailable: report.reason } : {}) })),
      ];
    } catch (error) {
      // The panel can do without: the trainer says the same when it is asked for a device.
      infoOf(error);
      this.#reports = undefined;
      return [{ value: 'auto' }, { value: 'cpu' }, { value: 'webgpu' }, { value: 'cuda' }];
    }
  }

  async show(): Promise<void> {
    const reports = await withProgress(t('Trying engines and devices…'), (signal) => this.#ask(signal));
    this.#reports = Promise.resolve(reports);
    showReport(this.context, {
      title: t('ViTune Doctor'),
      body: () => html`
        <h1>${t('Engines and devices')}</h1>
        <p class="lead">${t('Each device was tried with a small computation in a process of its own.')}</p>
        <table>
          <thead>
            <tr>
              <th>${t('Device')}</th>
              <th>${t('Found')}</th>
              <th class="number">${t('Speed (GFLOP/s)')}</th>
            </tr>
          </thead>
          <tbody>
            ${reports.map(row)}
          </tbody>
        </table>
      `,
    });
  }

  async #ask(signal?: AbortSignal): Promise<DeviceReport[]> {
    const objects = await runJson(this.launch, { script: 'cli', args: ['doctor', '--json'], signal });
    return objects.flatMap((object) => {
      const { devices } = object as { devices?: unknown };
      return Array.isArray(devices) ? (devices as DeviceReport[]) : [];
    });
  }
}

function row(report: DeviceReport): Html {
  const usable = 'gigaflops' in report;
  return html`<tr>
    <td><strong>${report.device}</strong></td>
    <td>${usable ? t('usable') : html`<span class="failed">${report.reason}</span>`}</td>
    <td class="number">${usable ? report.gigaflops.toLocaleString(vscode.env.language, { maximumFractionDigits: 1 }) : '–'}</td>
  </tr>`;
}
