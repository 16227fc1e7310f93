/**
 * The share of a training that goes into checksums of cached images and features, and of the files of a model:
 * `node bench/checksums.mjs CONFIG`. The config is trained with twice in a cache of its own, empty the first time.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readArguments } from './arguments.mjs';
import { buildCli } from './bundle.mjs';

/** Loaded before the trainer: times every call of `crc32`, and of the hashes of `node:crypto`. */
const timed = `
import { createRequire, syncBuiltinESMExports } from 'node:module';
const require = createRequire(import.meta.url);
const [zlib, crypto] = [require('node:zlib'), require('node:crypto')];
let time = 0;
const timing = (work) => (...given) => {
  const begun = performance.now();
  const result = work(...given);
  time += performance.now() - begun;
  return result;
};
zlib.crc32 = timing(zlib.crc32);
const { createHash } = crypto;
crypto.createHash = (...given) => {
  const hash = createHash(...given);
  for (const name of ['update', 'digest']) hash[name] = timing(hash[name].bind(hash));
  return hash;
};
syncBuiltinESMExports();
process.on('exit', () => {
  if (process.argv[2] !== 'train') return;
  const all = performance.now();
  const share = ((100 * time) / all).toFixed(2);
  console.error(\`checksums \${time.toFixed(0)} ms of \${(all / 1000).toFixed(1)} s: \${share} %\`);
});`;

const {
  positionals: [config],
} = readArguments('node bench/checksums.mjs', {}, 'CONFIG');
const cli = buildCli();
const folder = mkdtempSync(join(tmpdir(), 'vitune-checksums-'));
const preload = `--import=data:text/javascript,${encodeURIComponent(timed)}`;
for (const run of ['nothing kept', 'all kept']) {
  const output = join(folder, run);
  const { status, stderr } = spawnSync(process.execPath, [preload, cli, 'train', config, '--set', `output=${output}`], {
    encoding: 'utf8',
    env: { ...process.env, VITUNE_CACHE: join(folder, 'cache') },
  });
  if (status !== 0) throw new Error(stderr);
  console.log(`${run}: ${stderr.trim().split('\n').at(-1)}`);
}
rmSync(folder, { recursive: true, force: true });
