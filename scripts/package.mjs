/** Makes a VSIX for one platform: `npm run package [-- --target win32-x64] [--out FILE]`. */
import { createVSIX } from '@vscode/vsce';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { build } from './build.mjs';
import { npm, root } from './ensure-installed.mjs';

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

/** The packages that a bundle cannot hold, since they load native libraries, and what those need at run time. */
function nativePackages(modules, target) {
  // onnxruntime-node's other dependencies serve its install script only.
  const names = new Set([
    'onnxruntime-node',
    'onnxruntime-common',
    'sharp',
    ...Object.keys(readJson(join(modules, 'sharp', 'package.json')).dependencies),
  ]);
  for (const name of Object.keys(readJson(join(modules, 'sharp', 'package.json')).optionalDependencies)) {
    if (name.endsWith(target) && existsSync(join(modules, name))) names.add(name);
  }
  if (!names.has(`@img/sharp-${target}`)) throw new Error(`sharp has no binary for ${target} in ${modules}`);
  return [...names];
}

/** Copies packages to where the trainer's bundle finds them, without what they carry for other platforms. */
function copyPackages(modules, names, target, to) {
  const [os, cpu] = target.split('-');
  const keep = (path) => {
    const parts = relative(modules, path).split(sep);
    if (/\.(map|d\.ts|md)$/.test(path) && !/licen[cs]e|readme/i.test(path)) return false;
    if (parts[0] !== 'onnxruntime-node') return true;
    if (parts[1] === 'bin') return (parts[3] ?? os) === os && (parts[4] ?? cpu) === cpu;
    return parts[1] !== 'script' && parts[1] !== 'lib';
  };
  for (const name of names)
    cpSync(join(modules, name), join(to, name), { recursive: true, dereference: true, filter: keep });
}

/** The licence texts of all that is in the VSIX but not ours. */
function thirdPartyNotices(metafiles, nativeFolders) {
  const folders = new Set(nativeFolders);
  for (const input of metafiles.flatMap((metafile) => Object.keys(metafile.inputs))) {
    const name = /.*node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(input);
    if (name) folders.add(join(root, name[0]));
  }
  const notices = [...folders].map((folder) => {
    const { name, version, license } = readJson(join(folder, 'package.json'));
    const files = readdirSync(folder).filter((file) => /^(licen[cs]e|copying|notice|thirdpartynotice)/i.test(file));
    const texts = files.map((file) => readFileSync(join(folder, file), 'utf8').trim());
    return { name, text: `${name} ${version} (${license})\n\n${texts.join('\n\n')}`.trim() };
  });
  notices.sort((a, b) => a.name.localeCompare(b.name));
  return `ViTune contains or comes with the following packages.\n\n${notices.map((notice) => notice.text).join(`\n\n${'-'.repeat(100)}\n\n`)}\n`;
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
    // Not in the stage's own node_modules: vsce would leave that out, as all is bundled for it.
    copyPackages(modules, names, target, join(stage, 'dist', 'node_modules'));
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
    writeFileSync(
      join(stage, 'ThirdPartyNotices.txt'),
      thirdPartyNotices(
        metafiles,
        names.map((name) => join(modules, name)),
      ),
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
