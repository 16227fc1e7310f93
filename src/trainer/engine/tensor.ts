/** Tensors as they cross the boundary of an engine: made here in host memory, or made by an engine and its own. */
import type { DType, Shape } from '../ir/op.js';

export type TensorData = Float32Array | Int32Array | Uint8Array | Int8Array | Uint16Array;

export interface Tensor {
  readonly shape: Shape;
  /** The numbers of a tensor in host memory; throws for one on a device. */
  readonly data: TensorData;
  /** Whether it is in the memory of a device, where only the engine that made it can read it. */
  readonly isOnDevice: boolean;
  /** Frees a tensor on a device, which nothing else does. */
  dispose(): void;
}

export type Tensors = Record<string, Tensor>;

/** Numbers in host memory, which any engine takes. */
export class HostTensor implements Tensor {
  readonly isOnDevice = false;

  constructor(
    readonly dtype: Exclude<DType, 'i64'>,
    readonly shape: Shape,
    readonly data: TensorData,
  ) {}

  dispose(): void {
    return;
  }
}

/** Wraps `data` without a copy. */
export const hostTensor = (dtype: HostTensor['dtype'], shape: Shape, data: TensorData): HostTensor =>
  new HostTensor(dtype, shape, data);
