/** Makes a VSIX for one platform: `npm run package [-- --target win32-x64] [--out FILE]`. */
import { createVSIX } from '@vscode/vsce';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { build } from './build.mjs';
import { npm, root } from './ensure-installed.mjs';
import { thirdPartyNotices } from './licenses.mjs';
import { samplePackage } from './shippedSample.mjs';

/** Each of VS Code's platforms that ONNX Runtime's package holds a library for. */
const targets = ['linux-x64', 'linux-arm64', 'darwin-arm64', 'win32-x64', 'win32-arm64'];
export const thisTarget = `${process.platform}-${process.arch}`;

const readJson = (path) => JSON.parse(readFileSync(path, 'utf8'));

/**
 * A node_modules folder with the target's native packages: the project's own, or a fresh one by the lock file for
 * another platform.
 */
function installedFor(target, work) {
  if (target === thisTarget) return join(root, 'node_modules');
  for (const file of ['package.json', 'package-lock.json', '.npmrc']) cpSync(join(root, file), join(work, file));
  const [os, cpu] = target.split('-');
  npm(
    ['ci', '--omit=dev', '--ignore-scripts', `--os=${os}`, `--cpu=${cpu}`, ...(os === 'linux' ? ['--libc=glibc'] : [])],
    { cwd: work },
  );
  return join(work, 'node_modules');
}

/**
 * The packages that a bundle cannot hold, since they load native libraries or (libheif) must stay replaceable, and what
 * those need at run time.
 */
function nativePackages(modules, target) {
  // onnxruntime-node's other dependencies serve its install script only.
  const names = new Set([
    'onnxruntime-node',
    'onnxruntime-common',
    'libheif-js',
    'sharp',
    ...Object.keys(readJson(join(modules, 'sharp', 'package.json')).dependencies),
  ]);
  for (const name of Object.keys(readJson(join(modules, 'sharp', 'package.json')).optionalDependencies)) {
    if (name.endsWith(target) && existsSync(join(modules, name))) names.add(name);
  }
  if (!names.has(`@img/sharp-${target}`)) throw new Error(`sharp has no binary for ${target} in ${modules}`);
  return [...names];
}

/** What runs, what it reads, and licences; no sources, types, maps, build scripts or pages. */
const runs = /\.(js|cjs|mjs|json|node|dll|dylib)$|\.so(\.[\d.]+)?$|\.wasm$/;
const isLicence = (name) => /^(licen[cs]e|copying|notice|thirdpartynotice)/i.test(name);

/**
 * Libraries that ViTune never loads, or that come without the text of their licence: ONNX Runtime loads DirectML only
 * for its `dml` provider; without dxil.dll its WebGPU provider uses the shader compiler of Windows.
 */
const leftOut = new Set(['DirectML.dll', 'dxil.dll']);

const libheif = [
  'package.json',
  'LICENSE',
  ...['LICENSE', 'libheif.js', 'libheif.wasm'].map((name) => `libheif-wasm/${name}`),
];

/** Whether a file of a package is needed on the target; `path` is relative to node_modules. */
function isNeeded(path, target) {
  const [os, cpu] = target.split('-');
  const parts = path.split(sep);
  const name = parts.at(-1);
  if (leftOut.has(name) || !(runs.test(name) || isLicence(name))) return false;
  // sharp builds itself from `src` and `install` where there is no binary for it.
  if (parts[0] === 'sharp') return !['src', 'install'].includes(parts[1]);
  // Its other forms hold the library inside of a script.
  if (parts[0] === 'libheif-js') return libheif.includes(parts.slice(1).join('/'));
  if (parts[0] !== 'onnxruntime-node') return true;
  if (parts[1] === 'bin') return parts[3] === os && parts[4] === cpu;
  return parts[1] !== 'script' && parts[1] !== 'lib';
}

/** The files of a package that are needed on the target, relative to node_modules. */
const neededFiles = (modules, name, target) =>
  readdirSync(join(modules, name), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(modules, join(entry.parentPath, entry.name)))
    .filter((path) => isNeeded(path, target));

/** Copies files to where the trainer's bundle finds them. */
function copyFiles(modules, files, to) {
  for (const file of files) {
    mkdirSync(dirname(join(to, file)), { recursive: true });
    cpSync(join(modules, file), join(to, file), { dereference: true });
  }
}

/** The folders of the packages that a bundle was made of. */
function bundledPackages(metafiles) {
  const folders = metafiles
    .flatMap((metafile) => Object.keys(metafile.inputs))
    .map((input) => /.*node_modules\/(?:@[^/]+\/)?[^/]+\//.exec(input)?.[0])
    .filter((folder) => folder !== undefined);
  return [...new Set(folders)].map((folder) => join(root, folder));
}

/** What the marketplace and the editor read; what only a checkout needs is left out. */
function manifest() {
  const {
    private: _private,
    scripts: _scripts,
    devDependencies: _dev,
    dependencies: _dependencies,
    ...rest
  } = readJson(join(root, 'package.json'));
  return JSON.stringify(rest, null, 2);
}

/**
 * Writes the VSIX and returns its path.
 * @param {{ target?: string, out?: string }} options
 */
export async function makePackage({ target = thisTarget, out } = {}) {
  if (!targets.includes(target))
    throw new Error(`ONNX Runtime has no library for ${target}; there is one for ${targets.join(', ')}.`);
  const vsix = out ?? join(root, `vitune-${target}-${readJson(join(root, 'package.json')).version}.vsix`);
  const work = mkdtempSync(join(tmpdir(), 'vitune-package-'));
  try {
    const stage = join(work, 'stage');
    mkdirSync(stage);
    const metafiles = await build({ folder: join(stage, 'dist'), release: true });
    const modules = installedFor(target, work);
    const names = nativePackages(modules, target);
    const native = names.map((name) => ({
      folder: join(modules, name),
      shipped: neededFiles(modules, name, target),
    }));
    // Not in the stage's own node_modules: vsce would leave that out, as all is bundled for it.
    for (const { shipped } of native) copyFiles(modules, shipped, join(stage, 'dist', 'node_modules'));
    for (const entry of [
      'media',
      'l10n',
      'README.md',
      'LICENSE',
      'CHANGELOG.md',
      'package.nls.json',
      'package.nls.tr.json',
    ]) {
      if (existsSync(join(root, entry))) cpSync(join(root, entry), join(stage, entry), { recursive: true });
    }
    writeFileSync(join(stage, 'package.json'), manifest());
    const bundled = bundledPackages(metafiles).map((folder) => ({ folder, shipped: [] }));
    writeFileSync(
      join(stage, 'ThirdPartyNotices.txt'),
      thirdPartyNotices([...native, ...bundled, { folder: samplePackage, shipped: [] }]),
    );
    await createVSIX({
      cwd: stage,
      packagePath: vsix,
      target,
      dependencies: false,
      allowMissingRepository: true,
      rewriteRelativeLinks: false,
    });
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return vsix;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({ options: { target: { type: 'string' }, out: { type: 'string' } } });
  await makePackage(values);
}
