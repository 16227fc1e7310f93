/** A tensor that TensorFlow holds, to be fed again. */
import type { Shape } from '../../ir/op.js';
import type { Tensor, TensorData } from '../tensor.js';
import type { Binding, Handle } from './binding.js';

export class TfjsTensor implements Tensor {
  readonly isOnDevice = true;

  constructor(
    private readonly binding: Binding,
    readonly handle: Handle,
    readonly shape: Shape,
  ) {}

  get data(): TensorData {
    throw new Error("a tensor on TensorFlow's device cannot be read");
  }

  dispose(): void {
    this.binding.deleteTensor(this.handle);
  }
}
