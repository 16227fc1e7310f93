/** Graphs that take turns: only the one in use is ready, as each takes much memory of which the others have no use. */
import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Graph } from '../ir/graph.js';
import type { Engine, Executable, LoadOptions } from './engine.js';

export class Turns {
  #ready: { graph: () => Graph; executable: Executable } | undefined;

  constructor(private readonly engine: Engine) {}

  /** What `graph` gives, made ready at its first run and at each that follows another's; what the graph alone refers to is let go in between. */
  executable(graph: () => Graph, options?: LoadOptions): Executable {
    return {
      run: async (feeds) => {
        if (this.#ready?.graph !== graph) {
          await this.#dispose();
          this.#ready = { graph, executable: await this.engine.load(graph(), options) };
          // Not before: what both refer to would be read twice.
          await collectGarbage();
        }
        return this.#ready.executable.run(feeds);
      },
      dispose: () => this.#dispose(),
    };
  }

  async #dispose(): Promise<void> {
    const ready = this.#ready;
    this.#ready = undefined;
    await ready?.executable.dispose();
  }
}

/** Node would wait with large arrays that nobody refers to until as much again is taken. */
async function collectGarbage(): Promise<void> {
  // What was reached by a weak reference in this turn of the event loop counts as referred to until its end.
  await setImmediate();
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
}
