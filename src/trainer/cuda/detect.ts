/** Whether CUDA can be used here: the system, the driver, the card and the libraries that ONNX Runtime's part needs. */
import { execFile } from 'node:child_process';
import { access, readdir } from 'node:fs/promises';
import { errors, type UserError } from '../errors/errors.js';
import { cacheFolder } from '../core/cacheFolder.js';
import { cudaRelease as release, isCudaPlatform, isInstalled } from './folder.js';

/** An NVIDIA card as `nvidia-smi` lists it; what it does not know is undefined. */
export interface Card {
  name: string;
  driver: string;
  /** E.g. `8.6`. */
  capability: string | undefined;
  /** In MiB. */
  memory: number | undefined;
}

/** What CUDA 13 needs (its release notes), and the memory below which no training of a transformer fits. */
export const needed = { driver: '580', capability: '7.5', memory: 2048, glibc: '2.28' };

/** What the part is linked to, and what it opens when it computes. */
const libraries = [
  ...['libcublasLt.so.13', 'libcublas.so.13', 'libcudart.so.13', 'libcurand.so.10'],
  ...['libcufft.so.12', 'libnvrtc.so.13', 'libcudnn.so.9'],
];

const query = '--query-gpu=name,driver_version,compute_cap,memory.total';

/** Milliseconds; a driver that hangs is a broken one. */
const patience = 10_000;

/** The cards in what `nvidia-smi --query-gpu=… --format=csv,noheader,nounits` prints; a name may hold a comma. */
export function parseCards(text: string): Card[] {
  return text.split('\n').flatMap((line) => {
    const parts = line.trim().split(/\s*,\s*/);
    if (parts.length < 4) return [];
    const [driver, capability, memory] = parts.slice(-3) as [string, string, string];
    if (!/^\d+(\.\d+)*$/.test(driver)) return [];
    return [
      {
        name: parts.slice(0, -3).join(', '),
        driver,
        capability: /^\d+\.\d+$/.test(capability) ? capability : undefined,
        memory: /^\d+$/.test(memory) ? Number(memory) : undefined,
      },
    ];
  });
}

/** Whether version `a` is older than `b`; both are numbers with points. */
export function isOlder(a: string, b: string): boolean {
  const [x, y] = [a, b].map((version) => version.split('.').map(Number));
  for (let i = 0; i < Math.max(x!.length, y!.length); i++) {
    const difference = (x![i] ?? 0) - (y![i] ?? 0);
    if (difference !== 0) return difference < 0;
  }
  return false;
}

/** Why a card cannot be used. */
export function cardRefusal({ name, driver, capability, memory }: Card): UserError | undefined {
  if (isOlder(driver, needed.driver)) return errors.cuda.driverOld(name, driver, needed.driver);
  if (capability !== undefined && isOlder(capability, needed.capability))
    return errors.cuda.cardOld(name, capability, needed.capability);
  if (memory !== undefined && memory < needed.memory) return errors.cuda.cardSmall(name, memory, needed.memory);
  return undefined;
}

function run(program: string, args: readonly string[]): Promise<{ out: string; failed?: string; missing?: true }> {
  return new Promise((resolve) => {
    execFile(program, args, { timeout: patience }, (error, stdout, stderr) => {
      const out = String(stdout);
      if (!error) return resolve({ out });
      const failed = (out.trim() || String(stderr).trim() || error.message).split('\n')[0]!;
      resolve({ out, failed, ...(error.code === 'ENOENT' && { missing: true }) });
    });
  });
}

/** The cards; a `UserError` where there is none or its driver does not work. */
async function findCards(): Promise<Card[] | UserError> {
  const { out, failed, missing } = await run('nvidia-smi', [query, '--format=csv,noheader,nounits']);
  const cards = failed === undefined ? parseCards(out) : [];
  if (cards.length > 0) return cards;
  const hasModule = await access('/proc/driver/nvidia/version').then(
    () => true,
    () => false,
  );
  if (!hasModule && (missing || /NVIDIA driver|No devices/i.test(`${failed ?? out}`)))
    return errors.cuda.noDriver(needed.driver);
  return errors.cuda.driverBroken(missing ? 'nvidia-smi: ENOENT' : (failed ?? out.trim()));
}

/** The names in what `ldconfig -p` prints. */
export const parseLibraries = (text: string): Set<string> =>
  new Set(text.split('\n').flatMap((line) => /^\s+(\S+\.so\S*) \(/.exec(line)?.[1] ?? []));

/** Those of the libraries that the system's loader would not find. */
export async function missingLibraries(env: NodeJS.ProcessEnv = process.env): Promise<string[]> {
  const listed = parseLibraries((await run('/sbin/ldconfig', ['-p'])).out);
  const folders = (env.LD_LIBRARY_PATH ?? '').split(':').filter(Boolean);
  const named = (await Promise.all(folders.map((folder) => readdir(folder).catch(() => [])))).flat();
  return libraries.filter((name) => !listed.has(name) && !named.includes(name));
}

/** The glibc of this process; undefined with another C library. */
function glibc(): string | undefined {
  const { header } = process.report.getReport() as { header?: { glibcVersionRuntime?: string } };
  return header?.glibcVersionRuntime;
}

/** Why the part would not even load on this system, whatever is installed. */
export function systemRefusal(): UserError | undefined {
  if (!isCudaPlatform) return errors.cuda.platform(`${process.platform}-${process.arch}`);
  const found = glibc();
  return found === undefined || isOlder(found, needed.glibc)
    ? errors.cuda.libc(found ?? 'musl', needed.glibc)
    : undefined;
}

/** The cards that can be used, or why there is none. The refusal is that of the first card. */
export async function detectCuda(): Promise<{ cards: Card[]; refusal?: UserError }> {
  const system = systemRefusal();
  if (system) return { cards: [], refusal: system };
  const found = await findCards();
  if (!Array.isArray(found)) return { cards: [], refusal: found };
  const cards = found.filter((card) => !cardRefusal(card));
  if (cards.length === 0) return { cards, refusal: cardRefusal(found[0]!)! };
  const missing = await missingLibraries();
  return { cards, ...(missing.length > 0 && { refusal: errors.cuda.librariesMissing(missing) }) };
}

/** Why CUDA cannot be used, once its trial has failed; undefined where all that it needs is there. */
export async function whyNoCuda(): Promise<UserError | undefined> {
  const { refusal } = await detectCuda();
  if (refusal) return refusal;
  const installed = await isInstalled({ release, cache: cacheFolder() });
  return installed ? undefined : errors.cuda.notInstalled(Math.ceil(release.size / 1e6));
}
