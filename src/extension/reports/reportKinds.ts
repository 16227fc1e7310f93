/** The kinds of reports: the data that each is kept as, and what makes a page of it in the language of the window. */
import type { Report } from '../../webview/protocol.js';
import { runsReport, type RunsData } from '../again/runsReport.js';
import { auditReport, type AuditData } from '../audit/auditReport.js';
import { classificationReport, type ClassificationData } from '../classify/classificationReport.js';
import { inspectionReport, type InspectionData } from '../datasets/inspectionReport.js';
import { doctorReport, type DoctorData } from '../doctor/doctorReport.js';
import { evaluationReport, type EvaluationData } from '../evaluate/evaluationReport.js';

export interface ReportData {
  audit: AuditData;
  classification: ClassificationData;
  doctor: DoctorData;
  evaluation: EvaluationData;
  inspection: InspectionData;
  runs: RunsData;
}

export type ReportKind = keyof ReportData;

const pages: { [Kind in ReportKind]: (data: ReportData[Kind]) => Report } = {
  audit: auditReport,
  classification: classificationReport,
  doctor: doctorReport,
  evaluation: evaluationReport,
  inspection: inspectionReport,
  runs: runsReport,
};

export function reportOf<Kind extends ReportKind>({ kind, data }: { kind: Kind; data: ReportData[Kind] }): Report {
  return pages[kind](data);
}
