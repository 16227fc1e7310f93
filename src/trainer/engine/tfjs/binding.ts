/** What ViTune uses of the native binding of @tensorflow/tfjs-node-gpu, and TensorFlow's numbers for types. */
import type { DType } from '../../ir/op.js';

/** A tensor that the binding holds: its number. It is freed by `deleteTensor` alone. */
export type Handle = number;

export interface Attribute {
  name: string;
  /** One of the binding's `TF_ATTR_…`. */
  type: number;
  value: boolean | number;
}

/**
 * The package's own interface to TensorFlow's kernels (`TFJSBinding` in its `tfjs_binding.d.ts`). ViTune calls it
 * instead of the package's tensors, because those know neither bytes nor halves: a weight in 8 bits would take 32.
 */
export interface Binding {
  /** On the CPU the tensor shares the array's memory; on a graphics card it is a copy, except for i32. */
  createTensor(shape: number[], dtype: number, data: Float32Array | Int32Array | Uint8Array): Handle;
  deleteTensor(handle: Handle): void;
  /** A copy of the numbers; only of f32, i32, i64 and bool. */
  tensorDataSync(handle: Handle): Float32Array | Int32Array | BigInt64Array | Uint8Array;
  executeOp(name: string, attributes: Attribute[], inputs: Handle[], outputs: number): { id: Handle }[];
  getNumOfTensors(): number;
  isUsingGpuDevice(): boolean;
  readonly TF_ATTR_INT: number;
  readonly TF_ATTR_BOOL: number;
  readonly TF_ATTR_TYPE: number;
  readonly TF_Version: string;
}

/** DataType of TensorFlow's types.proto. */
export const dataTypes: Record<DType | 'bool', number> = { f32: 1, i32: 3, u8: 4, i8: 6, i64: 9, bool: 10, f16: 19 };
