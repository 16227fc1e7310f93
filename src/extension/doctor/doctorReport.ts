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
    lead: [t('Each device was tried with a small computation in a process of its own.')],
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
    const { reason, detail } = report;
    return { cells: [device, engine, detail === undefined ? reason : `${reason} (${detail})`, null] };
  }
  const found = report.noFp16 === undefined ? t('usable, supports fp16') : t('usable');
  return { cells: [device, engine, found, report.gigaflops] };
}
