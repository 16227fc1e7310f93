/** An estimate in a process of its own, which memory may run out in without harm, and whose peak is that of the run. */
import { spawn } from 'node:child_process';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Estimate } from '../../shared/estimate.js';
import { estimateCommand, trainerProgram } from '../core/program.js';
import { removePatiently } from '../core/renamePatiently.js';
import { errors, UserError } from '../errors/errors.js';
import type { ErrorInfo, EstimateProgress } from '../protocol.js';

export interface EstimateRequest {
  config: string;
  /** `KEY=VALUE` each. */
  overrides: readonly string[];
  /** An empty folder for the trial. */
  folder: string;
}

/** What the process reports, one object a line: `known` is what it can say by then. */
export type EstimateLine =
  | EstimateProgress
  | ({ type: 'notice' } & ErrorInfo)
  /** `settings` are for the case that the process is ended for its memory. */
  | { type: 'known'; estimate: Estimate; settings: string[] }
  | { type: 'failed'; error: ErrorInfo };

export interface EstimateOptions {
  signal: AbortSignal;
  onProgress: (progress: EstimateProgress) => void;
  onNotice: (notice: ErrorInfo) => void;
}

/** How the system, and Node.js, end a process whose memory runs out. */
const endings: ReadonlySet<NodeJS.Signals> = new Set(['SIGKILL', 'SIGABRT']);

/**
 * Estimates what `vitune train` would take with this config. No run folder is written.
 * @throws UserError as the training itself would before its first step.
 */
export async function estimateApart(
  config: string,
  overrides: readonly string[],
  options: EstimateOptions,
): Promise<Estimate> {
  options.signal.throwIfAborted();
  const folder = await mkdtemp(join(tmpdir(), 'vitune-estimate-'));
  try {
    return await estimateIn({ config, overrides, folder }, options);
  } finally {
    await removePatiently(folder);
  }
}

function estimateIn(request: EstimateRequest, { signal, onProgress, onNotice }: EstimateOptions): Promise<Estimate> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [...trainerProgram, estimateCommand, JSON.stringify(request)], {
      // Its input ends with this process, and it with its input.
      stdio: ['pipe', 'pipe', 'ignore'],
      windowsHide: true,
    });
    let estimate: Estimate | undefined;
    let settings: string[] = [];
    let failure: UserError | undefined;
    createInterface({ input: child.stdout }).on('line', (text) => {
      if (!text.startsWith('{')) return;
      const line = JSON.parse(text) as EstimateLine;
      if (line.type === 'progress') onProgress(line);
      else if (line.type === 'notice') onNotice(line);
      else if (line.type === 'known') ({ estimate, settings } = line);
      else failure = UserError.of(line.error);
    });
    const end = (): void => void child.kill('SIGKILL');
    signal.addEventListener('abort', end);
    child.once('error', reject);
    child.once('close', (code, killedBy) => {
      signal.removeEventListener('abort', end);
      if (signal.aborted) return reject(signal.reason as Error);
      const isOutOfMemory = failure ? failure.code === 'OUT_OF_MEMORY' : killedBy !== null && endings.has(killedBy);
      if (estimate && isOutOfMemory)
        return resolve({ ...estimate, short: [...new Set([...estimate.short, 'memory' as const])], settings });
      if (failure) return reject(failure);
      if (estimate && code === 0) return resolve(estimate);
      reject(errors.trainerDied(String(code ?? killedBy), ''));
    });
  });
}
