/**
 * Loads libheif, compiled to WebAssembly. It is LGPL: it stays a package of its own, whose files (`libheif.js` and
 * `libheif.wasm`) anyone can replace, and stays outside the bundles.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { MainModule } from 'libheif-js/libheif-wasm/libheif.js';

export type Libheif = MainModule;

interface Memory {
  buffer: ArrayBuffer;
  grow(pages: number): number;
}

interface Instance {
  exports: Record<string, unknown>;
}

/** What is used of it; TypeScript declares it for browsers only. */
const { WebAssembly } = globalThis as unknown as {
  WebAssembly: {
    Module: new (binary: Uint8Array) => object;
    Instance: new (module: object, imports: unknown) => Instance;
    Memory: new () => Memory;
  };
};

interface Options {
  print(): void;
  printErr(): void;
  instantiateWasm(imports: unknown, done: (instance: Instance) => void): Instance['exports'];
}

const require = createRequire(import.meta.url);
const create = require('libheif-js/libheif-wasm/libheif.js') as (options: Options) => Libheif;
const compiled = new WebAssembly.Module(readFileSync(require.resolve('libheif-js/libheif-wasm/libheif.wasm')));

const pageBytes = 65_536;

/** An instance whose heap grows to at most `limit()` bytes: to the library, memory has then run out. */
export function createLibheif(limit: () => number): Libheif {
  const bound = (memory: Memory): void => {
    const grow = memory.grow.bind(memory);
    memory.grow = (pages) => {
      if (memory.buffer.byteLength + pages * pageBytes > limit()) throw new RangeError('the heap is full');
      return grow(pages);
    };
  };
  return create({
    print: () => undefined,
    printErr: () => undefined,
    instantiateWasm: (imports, done) => {
      const instance = new WebAssembly.Instance(compiled, imports);
      for (const exported of Object.values(instance.exports))
        if (exported instanceof WebAssembly.Memory) bound(exported);
      done(instance);
      return instance.exports;
    },
  });
}
