/** The report on what this machine can compute on. */
import * as vscode from 'vscode';
import type { DeviceReport } from '../../trainer/protocol.js';
import type { Report, ReportRow } from '../../webview/protocol.js';

const { t } = vscode.l10n;

export type EngineReport = DeviceReport & { engine: string };

export interface DoctorData {
  devices: EngineReport[];
}

export function doctorReport({ devices }: DoctorData): Report {
  return {
    title: t('ViTune Doctor'),
    heading: t('Engines and devices'),
    lead: [
      t('Each device was tried with a small computation in a process of its own.'),
      t(
        'TensorFlow.js is optional, and little is done on it: its last release is of 2024, and it needs CUDA 11.2 and cuDNN 8.1 for a graphics card.',
      ),
    ],
    links: [],
    blocks: [
      {
        kind: 'table',
        columns: [
          { title: t('Device'), kind: 'words' },
          { title: t('Engine'), kind: 'quiet' },
          { title: t('Found'), kind: 'name' },
          { title: t('Speed (GFLOP/s)'), kind: 'figure' },
        ],
        rows: devices.map(row),
      },
    ],
  };
}

function row(report: EngineReport): ReportRow {
  const { device, engine } = report;
  if ('reason' in report) {
    const { reason, detail, error } = report;
    const found = error ? `${error.message} ${error.remedy}` : detail === undefined ? reason : `${reason} (${detail})`;
    return { cells: [device, engine, found, null] };
  }
  return { cells: [device, engine, foundOf(report), report.gigaflops] };
}

function foundOf({ noFp16, onCpu }: Extract<DeviceReport, { gigaflops: number }>): string {
  if (onCpu) return t('usable, on the CPU: no graphics card that it can use');
  return noFp16 === undefined ? t('usable, supports fp16') : t('usable');
}
