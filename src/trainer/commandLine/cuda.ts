/** `vitune cuda`: ONNX Runtime's part for NVIDIA cards. It is downloaded only when somebody asks for it. */
import { createInterface } from 'node:readline/promises';
import * as l10n from '@vscode/l10n';
import { detectCuda, systemRefusal } from '../cuda/detect.js';
import { cudaFolder, cudaRelease as release, isInstalled } from '../cuda/folder.js';
import { installCuda, packageIndex, removeCuda } from '../cuda/install.js';
import { errors } from '../errors/errors.js';
import type { CommandOutputs, CudaReport } from '../protocol.js';
import { cacheFolder } from '../runs/cacheFolder.js';
import type { Arguments } from './commands.js';
import { downloadStatus, type Output } from './output.js';

const megabytes = (bytes: number): number => Math.ceil(bytes / 1e6);
const diskBytes = release.libraries.reduce((sum, { size }) => sum + size, 0);

export async function cuda(
  { operands: [action], yes, anyway, file, index = packageIndex() }: Arguments<'cuda'>,
  output: Output<CommandOutputs['cuda']>,
  signal: AbortSignal,
): Promise<void> {
  const cache = cacheFolder();
  if (action === 'remove') await removeCuda(cache);
  if (action === 'install') {
    const refusal = anyway ? systemRefusal() : (await detectCuda()).refusal;
    if (refusal) throw refusal;
    if (!(await isInstalled({ release, cache }))) {
      if (file === undefined && !yes && !(await isAgreed(output, signal)))
        throw errors.cuda.unconfirmed(megabytes(release.size), megabytes(diskBytes));
      const onProgress = (done: number, total: number): void => {
        output.json({ type: 'progress', phase: 'download', done, total });
        output.status(downloadStatus(done, total));
      };
      await installCuda({ release, cache, index, file, signal, onProgress });
    }
  }
  print(await report(cache), output);
}

async function report(cache: string): Promise<CudaReport> {
  const { cards, refusal } = await detectCuda();
  const installed = await isInstalled({ release, cache });
  return {
    type: 'cuda',
    installed,
    ...(installed && { folder: cudaFolder(cache)! }),
    downloadBytes: release.size,
    diskBytes,
    cards: cards.map(({ name, driver }) => ({ name, driver })),
    ...(refusal && { refusal: refusal.toInfo() }),
  };
}

/** Asks on a terminal; a program has to say `--yes`. */
async function isAgreed(output: Output, signal: AbortSignal): Promise<boolean> {
  if (output.isJson || !process.stdin.isTTY) return false;
  const question = l10n.t(
    'Download {0} MB, which take {1} MB once unpacked?',
    megabytes(release.size),
    megabytes(diskBytes),
  );
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  try {
    return (await terminal.question(`${question} [y/N] `, { signal })).trim().toLowerCase().startsWith('y');
  } finally {
    terminal.close();
  }
}

function print(found: CudaReport, output: Output<CommandOutputs['cuda']>): void {
  output.json(found);
  for (const { name, driver } of found.cards) output.line(l10n.t('{0}, driver {1}', name, driver));
  output.line(
    found.installed
      ? l10n.t("ONNX Runtime's part for CUDA is installed in {0}.", found.folder!)
      : l10n.t(
          "ONNX Runtime's part for CUDA is not installed: a download of {0} MB, which takes {1} MB once unpacked.",
          megabytes(found.downloadBytes),
          megabytes(found.diskBytes),
        ),
  );
  if (found.refusal) output.line(`${found.refusal.message} ${found.refusal.remedy}`);
}
