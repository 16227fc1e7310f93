/**
 * Installs @tensorflow/tfjs-node-gpu into .vitune/tensorflow, for the tests of its engine. Its own install script
 * downloads TensorFlow from outside the registries, so the library comes from PyPI's wheel instead, and the binding is
 * built against it: TensorFlow 2.12 for the CPU. As a program: `node scripts/ensure-tensorflow.mjs`.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureDebianPackages, isDebian, Unavailable } from './ensure-editor.mjs';
import { npm, root } from './ensure-installed.mjs';

const packages = { '@tensorflow/tfjs-node-gpu': '4.22.0', 'node-gyp': '11.4.2' };
/** The last one whose C interface the binding is written for, with the Python that its wheel is for. */
const wheel = { name: 'tensorflow-cpu', version: '2.12.1', python: '3.11', platform: 'manylinux2014_x86_64' };

const folder = join(root, '.vitune', 'tensorflow');
const stamp = join(folder, 'installed.json');
const versions = JSON.stringify({ packages, wheel });

/** The folder in whose node_modules the package is; undefined where this script has not installed it. */
export const tensorflowFolder = () =>
  existsSync(stamp) && readFileSync(stamp, 'utf8') === versions ? folder : undefined;

/** Takes the library and the headers out of the wheel: all of it would take a gigabyte more. */
const unpack = `
import sys, zipfile
with zipfile.ZipFile(sys.argv[1]) as wheel:
    for name in wheel.namelist():
        if name.endswith('.so.2') and name.count('/') == 1 or name.startswith(('tensorflow/include/tensorflow/', 'tensorflow/include/absl/')):
            wheel.extract(name, sys.argv[2])
`;

/** Where Node's headers are; they come with most installations of Node, and with npm's own builds of it. */
function nodeHeaders() {
  const known = [dirname(dirname(process.execPath)), '/usr'];
  const found = known.find((path) => existsSync(join(path, 'include', 'node', 'node_api.h')));
  if (found) return found;
  const name = `node-${process.platform}-${process.arch}`;
  npm(['install', '--no-audit', '--no-fund', '--loglevel=error', `${name}@${process.versions.node}`], { cwd: folder });
  return join(folder, 'node_modules', name);
}

/** Does what needs a network or tools that may not be there. */
function attempt(what, work) {
  try {
    return work();
  } catch (error) {
    throw new Unavailable(`${what} failed: ${error.message}`);
  }
}

function python(args) {
  const done = spawnSync('python3', args, { stdio: ['ignore', 2, 2] });
  if (done.error || done.status !== 0) throw new Unavailable(`python3 ${args.slice(0, 3).join(' ')} … failed`);
}

/** Returns the folder in whose node_modules the package is. Takes a minute and 600 MB the first time. */
export function ensureTensorflow() {
  const known = tensorflowFolder();
  if (known) return known;
  if (process.platform !== 'linux' || process.arch !== 'x64')
    throw new Unavailable('TensorFlow for the tests is installed on Linux x64 only');
  const hasPip = () => spawnSync('python3', ['-m', 'pip', '--version']).status === 0;
  if (isDebian()) ensureDebianPackages(['python3', 'make', 'g++', ...(hasPip() ? [] : ['python3-pip'])]);
  if (!hasPip()) throw new Unavailable('pip was not found, which downloads TensorFlow');
  console.error('Installing TensorFlow.js, about a minute …');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true }));
  const names = Object.entries(packages).map(([name, version]) => `${name}@${version}`);
  const install = ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  attempt('the install', () => npm([...install, ...names], { cwd: folder }));
  const target = join(folder, 'node_modules', '@tensorflow', 'tfjs-node-gpu');
  const download = join(folder, 'download');
  const { name, version, python: release, platform } = wheel;
  python([
    ...['-m', 'pip', 'download', '--quiet', '--no-deps', '--only-binary=:all:', '-d', download],
    ...['--python-version', release, '--platform', platform, `${name}==${version}`],
  ]);
  const file = `${name.replace('-', '_')}-${version}-cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64.whl`;
  python(['-c', unpack, join(download, file), download]);
  const lib = join(target, 'deps', 'lib');
  mkdirSync(lib, { recursive: true });
  renameSync(join(download, 'tensorflow', 'include'), join(target, 'deps', 'include'));
  for (const [library, link] of [
    ['libtensorflow_framework.so.2', 'libtensorflow_framework.so'],
    ['libtensorflow_cc.so.2', 'libtensorflow.so'],
  ]) {
    renameSync(join(download, 'tensorflow', library), join(lib, library));
    symlinkSync(library, join(lib, link));
  }
  rmSync(download, { recursive: true });
  const gyp = join(folder, 'node_modules', 'node-gyp', 'bin', 'node-gyp.js');
  const binding = ['-Dmodule_name=tfjs_binding', `-Dmodule_path=${join(target, 'lib', 'napi-v8')}`];
  const args = [gyp, 'rebuild', '--silent', `--nodedir=${nodeHeaders()}`, '--', ...binding, '-Dnapi_build_version=8'];
  attempt('the build', () => execFileSync(process.execPath, args, { cwd: target, stdio: ['ignore', 2, 2] }));
  writeFileSync(stamp, versions);
  return folder;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) console.log(ensureTensorflow());
