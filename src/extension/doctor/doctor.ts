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

/** How fast a device is and why it has no floats of 16 bits, if so; or why it cannot be used. */
type DeviceReport = { device: DeviceName; gigaflops: number; noFp16?: string } | { device: DeviceName; reason: string };
type EngineReport = DeviceReport & { engine: string };

/** The part of what `vitune doctor --json` prints that is read here. */
interface DoctorReport {
  engines: { engine: string; devices: DeviceReport[] }[];
}

/** The engine that trains; what others could do is told on the page only. */
const mainEngine = 'onnxruntime';

export class Doctor {
  #reports: Promise<EngineReport[]> | undefined;

  constructor(
    private readonly context: vscode.ExtensionContext,
    private readonly launch: Launch,
  ) {}

  /** The panel's choices; asks the machine once. */
  async devices(): Promise<DeviceChoice[]> {
    this.#reports ??= this.#ask();
    try {
      const reports = (await this.#reports).filter(({ engine }) => engine === mainEngine);
      return [
        { value: 'auto' },
        ...reports.map((report): DeviceChoice => ({
          value: report.device,
          ...('reason' in report ? { unavailable: report.reason } : {}),
        })),
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

  async #ask(signal?: AbortSignal): Promise<EngineReport[]> {
    const objects = await runJson(this.launch, { script: 'cli', args: ['doctor', '--json'], signal });
    const report = objects.find(
      (object): object is DoctorReport => typeof object === 'object' && object !== null && 'engines' in object,
    );
    if (!report) throw new Error('vitune doctor printed no report');
    return report.engines.flatMap(({ engine, devices }) => devices.map((device) => ({ engine, ...device })));
  }
}

function row(report: EngineReport): Html {
  const usable = 'gigaflops' in report;
  const words = usable && report.noFp16 === undefined ? t('usable, with floats of 16 bits') : t('usable');
  const state = usable ? words : html`<span class="failed">${report.reason}</span>`;
  return html`<tr>
    <td><strong>${report.device}</strong> <span class="others">${report.engine}</span></td>
    <td>${state}</td>
    <td class="number">
      ${usable ? report.gigaflops.toLocaleString(vscode.env.language, { maximumFractionDigits: 1 }) : '–'}
    </td>
  </tr>`;
}
