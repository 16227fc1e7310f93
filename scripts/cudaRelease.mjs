/**
 * Writes what ViTune pins of ONNX Runtime's part for CUDA, from a wheel of `onnxruntime-gpu` that was downloaded with
 * `pip download --no-deps onnxruntime-gpu==VERSION`: `node scripts/cudaRelease.mjs WHEEL`. VERSION is that of
 * onnxruntime-node: the part and the runtime are made for each other.
 */
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { inflateRawSync } from 'node:zlib';

const wanted = ['shared', 'cuda'].map((name) => `onnxruntime/capi/libonnxruntime_providers_${name}.so`);
const path = process.argv[2];
const wheel = readFileSync(path);
const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');

/** The compressed bytes of each wanted file (zip: APPNOTE 4.3.7, 4.3.12, 4.3.16). */
function libraries() {
  const end = wheel.lastIndexOf(Buffer.from('PK\x05\x06', 'latin1'));
  let at = wheel.readUInt32LE(end + 16);
  const found = [];
  while (wheel.readUInt32LE(at) === 0x02014b50) {
    const [method, packed] = [wheel.readUInt16LE(at + 10), wheel.readUInt32LE(at + 20)];
    const [name, extra, comment] = [28, 30, 32].map((offset) => wheel.readUInt16LE(at + offset));
    const file = wheel.toString('utf8', at + 46, at + 46 + name);
    if (wanted.includes(file)) {
      if (method !== 8) throw new Error(`${file} is not deflated`);
      const local = wheel.readUInt32LE(at + 42);
      const start = local + 30 + wheel.readUInt16LE(local + 26) + wheel.readUInt16LE(local + 28);
      const bytes = inflateRawSync(wheel.subarray(start, start + packed));
      found.push({ name: basename(file), start, end: start + packed, size: bytes.length, sha256: sha256(bytes) });
    }
    at += 46 + name + extra + comment;
  }
  if (found.length !== wanted.length) throw new Error(`${path} lacks one of ${wanted.join(', ')}`);
  return found;
}

const file = basename(path);
const release = {
  runtime: file.split('-')[1],
  package: 'onnxruntime-gpu',
  file,
  size: wheel.length,
  sha256: sha256(wheel),
  libraries: libraries(),
};
const place = new URL('../src/trainer/cuda/release.json', import.meta.url);
writeFileSync(place, `${JSON.stringify(release, undefined, 2)}\n`);
