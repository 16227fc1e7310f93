/** A local Python package index (PEP 503) whose files lie on another host, with faults. */
import { createHash } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { deflateRawSync } from 'node:zlib';
import type { CudaRelease } from '../../../src/trainer/cuda/folder.js';

const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
const noise = (length: number, factor: number) =>
  Buffer.from(Array.from({ length }, (_, i) => ((i * factor) ^ (i >> 3)) % 251));

/** A package with two libraries among other bytes, and what is pinned of it. */
export function makePackage(): { wheel: Buffer; release: CudaRelease; libraries: Buffer[] } {
  const libraries = [noise(400_000, 7919), noise(5000, 31)];
  const parts = [
    noise(1000, 3),
    deflateRawSync(libraries[0]!),
    noise(77, 5),
    deflateRawSync(libraries[1]!),
    noise(9, 2),
  ];
  const wheel = Buffer.concat(parts);
  const start = (index: number) => parts.slice(0, index).reduce((sum, { length }) => sum + length, 0);
  const names = ['libonnxruntime_providers_cuda.so', 'libonnxruntime_providers_shared.so'];
  const release = {
    runtime: '1.2.3',
    package: 'onnxruntime-gpu',
    file: 'onnxruntime_gpu-1.2.3-cp312-cp312-manylinux_2_28_x86_64.whl',
    size: wheel.length,
    sha256: sha256(wheel),
    libraries: libraries.map((bytes, i) => ({
      name: names[i]!,
      start: start(2 * i + 1),
      end: start(2 * i + 2),
      size: bytes.length,
      sha256: sha256(bytes),
    })),
  };
  return { wheel, release, libraries };
}

/** What happens to the next request for the file. */
export type Fault = { cutAfter: number } | { hangAfter: number } | { status: number };

export interface PackageServer {
  index: string;
  faults: Fault[];
  /** The ranges that were asked for. */
  ranges: (string | undefined)[];
  stop(): Promise<void>;
}

const listen = (server: Server): Promise<number> =>
  new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port)));

export async function startIndex(
  t: { after: (clean: () => Promise<void>) => void },
  { wheel, release }: { wheel: Buffer; release: CudaRelease },
): Promise<PackageServer> {
  const server: PackageServer = { index: '', faults: [], ranges: [], stop: () => Promise.resolve() };
  const files = createServer((request, response) => {
    server.ranges.push(request.headers.range);
    const fault = server.faults.shift();
    if (fault && 'status' in fault) return void response.writeHead(fault.status).end();
    const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
    const body = wheel.subarray(start);
    response.writeHead(start > 0 ? 206 : 200, {
      'content-length': body.length,
      ...(start > 0 && { 'content-range': `bytes ${start}-${wheel.length - 1}/${wheel.length}` }),
    });
    if (!fault) return void response.end(body);
    const end = 'cutAfter' in fault ? fault.cutAfter : fault.hangAfter;
    response.write(body.subarray(0, end), () => {
      if ('cutAfter' in fault) setTimeout(() => response.destroy(), 50);
    });
  });
  const filesPort = await listen(files);
  const index = createServer((request, response) => {
    if (request.url === '/moved/onnxruntime-gpu/')
      return void response.writeHead(301, { location: '/simple/onnxruntime-gpu/' }).end();
    if (request.url !== '/simple/onnxruntime-gpu/') return void response.writeHead(404).end();
    const link = (name: string) =>
      `<a href="http://127.0.0.1:${filesPort}/a/b/${name}#sha256=${'0'.repeat(64)}">${name}</a><br/>`;
    response
      .writeHead(200, { 'content-type': 'text/html' })
      .end(`<html><body>${link('onnxruntime_gpu-1.2.2-cp312-x.whl')}\n${link(release.file)}</body></html>`);
  });
  server.index = `http://127.0.0.1:${await listen(index)}/simple/`;
  server.stop = () => {
    for (const each of [index, files]) {
      each.closeAllConnections();
      each.close();
    }
    return Promise.resolve();
  };
  t.after(server.stop);
  return server;
}
