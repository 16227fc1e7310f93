/** The engine of each device. A further engine is a folder of its own next to `ort/`, and is named here. */
import type { DeviceName } from '../protocol.js';
import type { Engine, EngineOptions } from './engine.js';
import { OrtEngine } from './ort/ortEngine.js';
import { installation } from './tfjs/package.js';
import { TfjsEngine } from './tfjs/tfjsEngine.js';

export { runtimeVersion } from './ort/session.js';

export function createEngine(device: DeviceName, options?: EngineOptions): Engine {
  switch (device) {
    case 'cpu':
    case 'webgpu':
    case 'cuda':
      return new OrtEngine(device, options);
    case 'tensorflow':
      return new TfjsEngine();
  }
}

/**
 * What a trial of the device rests on, where its verdict is worth keeping: for a package of the user's, which takes
 * seconds to load. Undefined where there is none.
 */
export const basisOf = (device: DeviceName): string | undefined =>
  device === 'tensorflow' ? installation() : undefined;
