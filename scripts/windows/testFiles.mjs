/** Which tests run on Node for Windows, and which are left out, with the reason. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../ensure-installed.mjs';

/** Rooms whose tests are about files, processes and commands. */
const rooms = ['core', 'checkpoint', 'config', 'data', 'export', 'models', 'inference', 'runs', 'commandLine'].map(
  (room) => `test/trainer/${room}`,
);
const single = ['test/trainer/training/resume.test.ts', 'test/trainer/training/pretrained.test.ts'];

/** The files that CI runs: what only Windows has, and the commands. */
const short =
  /^test\/(windows\/|trainer\/(checkpoint|runs|core)\/|trainer\/data\/(scan|store)|trainer\/commandLine\/train)/;

/** Files that are left out: under Wine they fail for Wine's own reasons, or take long and add nothing. */
const leftOut = {
  'test/trainer/commandLine/profile.test.ts': 'minutes; the parts of a profile are timed alike on every platform',
  'test/trainer/runs/fullDisk.test.ts': 'mounts a small file system, as root on Linux',
};

/** Tests that are left out by name, as far as Wine goes. */
export const wineLeftOut = {
  'with --json: every event': "WebGPU's library writes 'Failed to create DXGI factory' on standard error under Wine",
  'links are followed, once': 'Wine 8 makes no symbolic links',
};

const filesIn = (folder) =>
  readdirSync(join(root, folder))
    .filter((name) => name.endsWith('.test.ts'))
    .map((name) => `${folder}/${name}`);

/** `{ files, left }`: the files to run, and why others are not. */
export function testFiles(isShort) {
  const all = [...filesIn('test/windows'), ...rooms.flatMap(filesIn), ...single];
  const files = all.filter((file) => !(file in leftOut) && (!isShort || short.test(file)));
  return { files, left: Object.entries(leftOut).filter(([file]) => all.includes(file)) };
}
