/** TensorFlow's kernels as functions on handles: each call gives a new handle, which its scope frees or passes on. */
import { bytesIn, type ConstantData, type DType, type Shape } from '../../ir/op.js';
import { dataTypes, type Attribute, type Binding, type Handle } from './binding.js';

export class Kernels {
  /** Shapes, axes and single numbers, made once. */
  readonly #constants = new Map<string, Handle>();
  /** Handles of the scope that is open. */
  #made: Handle[] = [];

  constructor(readonly binding: Binding) {}

  /** Runs `work` and frees everything it made except for what it returns. */
  scope(work: () => readonly Handle[]): readonly Handle[] {
    let kept: readonly Handle[] = [];
    try {
      kept = work();
      return kept;
    } finally {
      for (const each of this.#made) if (!kept.includes(each)) this.binding.deleteTensor(each);
      this.#made = [];
    }
  }

  /** Calls the kernel `name`, which has `outputs` results. */
  callAll(name: string, inputs: readonly Handle[], attributes: Attribute[], outputs: number): Handle[] {
    const made = this.binding.executeOp(name, attributes, [...inputs], outputs).map(({ id }) => id);
    this.#made.push(...made);
    return made;
  }

  call(name: string, inputs: readonly Handle[], ...attributes: Attribute[]): Handle {
    return this.callAll(name, inputs, attributes, 1)[0]!;
  }

  /** A kernel on numbers of one type, by default f32. */
  plain(name: string, inputs: readonly Handle[], dtype: DType = 'f32'): Handle {
    return this.call(name, inputs, this.type('T', dtype));
  }

  type(name: string, dtype: DType): Attribute {
    return { name, type: this.binding.TF_ATTR_TYPE, value: dataTypes[dtype] };
  }
  flag(name: string, value: boolean): Attribute {
    return { name, type: this.binding.TF_ATTR_BOOL, value };
  }
  count(name: string, value: number): Attribute {
    return { name, type: this.binding.TF_ATTR_INT, value };
  }

  /** A handle of `data`, which belongs to the caller. i8 and f16 come as bytes, since the binding takes no others. */
  upload(dtype: DType, shape: Shape, data: ConstantData): Handle {
    const { binding } = this;
    if (dtype === 'i8' || dtype === 'f16') {
      const wide = dtype === 'f16' ? [2] : [];
      const bytes = binding.createTensor([...shape, ...wide], dataTypes.u8, bytesIn(data));
      const attributes = [this.type('T', 'u8'), this.type('type', dtype)];
      const [cast] = binding.executeOp('Bitcast', attributes, [bytes], 1);
      binding.deleteTensor(bytes);
      return cast!.id;
    }
    if (data instanceof BigInt64Array)
      return binding.createTensor(
        [...shape],
        dataTypes.i64,
        new Int32Array(data.buffer, data.byteOffset, 2 * data.length),
      );
    return binding.createTensor([...shape], dataTypes[dtype], data as Float32Array);
  }

  #constant(key: string, make: () => Handle): Handle {
    const known = this.#constants.get(key) ?? make();
    this.#constants.set(key, known);
    return known;
  }

  /** A list of integers, e.g. a shape; or a single one. */
  integers(values: readonly number[] | number): Handle {
    const list = typeof values === 'number' ? [values] : values;
    const shape = typeof values === 'number' ? [] : [list.length];
    return this.#constant(`i32 ${shape.join()} ${list.join()}`, () => this.upload('i32', shape, Int32Array.from(list)));
  }

  float(value: number): Handle {
    return this.#constant(`f32 ${value}`, () => this.upload('f32', [], Float32Array.of(value)));
  }

  byte(value: number): Handle {
    return this.#constant(`u8 ${value}`, () => this.upload('u8', [], Uint8Array.of(value)));
  }

  /** Numbers that are made once for each `key`. */
  floats(key: string, shape: Shape, data: () => Float32Array): Handle {
    return this.#constant(key, () => this.upload('f32', shape, data()));
  }

  cast(x: Handle, from: DType, to: DType): Handle {
    return this.call('Cast', [x], this.type('SrcT', from), this.type('DstT', to), this.flag('Truncate', false));
  }

  reshape(x: Handle, shape: Shape, dtype: DType = 'f32'): Handle {
    return this.call('Reshape', [x, this.integers(shape)], this.type('T', dtype), this.type('Tshape', 'i32'));
  }

  slice(x: Handle, begin: readonly number[], size: readonly number[], dtype: DType = 'f32'): Handle {
    const inputs = [x, this.integers(begin), this.integers(size)];
    return this.call('Slice', inputs, this.type('T', dtype), this.type('Index', 'i32'));
  }

  /** A reduction over `axes`, which are kept with size 1. */
  reduce(name: 'Sum' | 'Mean' | 'Min' | 'Max', x: Handle, axes: readonly number[]): Handle {
    const attributes = [this.flag('keep_dims', true), this.type('T', 'f32'), this.type('Tidx', 'i32')];
    return this.call(name, [x, this.integers(axes)], ...attributes);
  }

  /** op(a) · op(b) over the last two axes. */
  matmul(a: Handle, b: Handle, { transA = false, transB = false, rank = 2, dtype = 'f32' as DType } = {}): Handle {
    return rank === 2
      ? this.call(
          'MatMul',
          [a, b],
          this.type('T', dtype),
          this.flag('transpose_a', transA),
          this.flag('transpose_b', transB),
        )
      : this.call(
          'BatchMatMulV2',
          [a, b],
          this.type('T', dtype),
          this.flag('adj_x', transA),
          this.flag('adj_y', transB),
        );
  }

  dispose(): void {
    for (const each of this.#constants.values()) this.binding.deleteTensor(each);
    this.#constants.clear();
  }
}
