/** The reports that are open, one file each, so that a reload of the window finds them; a closed one is deleted. */
import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isMissing } from '../trainer/runFolder.js';
import { removeKept } from './removeKept.js';
import type { ReportData, ReportKind } from './reportKinds.js';

export interface StoredReport<Kind extends ReportKind = ReportKind> {
  id: string;
  kind: Kind;
  data: ReportData[Kind];
}

/** Grows when the data of a report changes its shape: an older window's reports are then not restored. */
const format = 2;

export class ReportStore {
  constructor(private readonly folder: string) {}

  async add<Kind extends ReportKind>(kind: Kind, data: ReportData[Kind]): Promise<StoredReport<Kind>> {
    const report = { id: randomUUID(), kind, data };
    await mkdir(this.folder, { recursive: true });
    await writeFile(this.#fileOf(report.id), JSON.stringify({ format, ...report }));
    return report;
  }

  /** A file next to the reports for what one of them names: it is deleted with what a window leaves behind. */
  async newFile(): Promise<string> {
    await mkdir(this.folder, { recursive: true });
    return join(this.folder, `${randomUUID()}.images`);
  }

  /** Undefined: it was closed, it was torn by a crash, or another version wrote it. */
  async get(id: string): Promise<StoredReport | undefined> {
    if (!/^[0-9a-f-]{36}$/.test(id)) return undefined;
    try {
      const read = JSON.parse(await readFile(this.#fileOf(id), 'utf8')) as StoredReport & { format: number };
      return read.format === format ? read : undefined;
    } catch (error) {
      if (isMissing(error) || error instanceof SyntaxError) return undefined;
      throw error;
    }
  }

  async delete(id: string): Promise<void> {
    await rm(this.#fileOf(id), { force: true });
  }

  /** Deletes what a window left behind that ended without closing its reports. */
  clear(): Promise<void> {
    return removeKept(this.folder);
  }

  #fileOf(id: string): string {
    return join(this.folder, `${id}.json`);
  }
}
