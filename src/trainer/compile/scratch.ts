/** A scratch buffer that is borrowed for a scope: separate arrays would pile up until the garbage collector runs. */

export class Scratch<T extends Float32Array | Int8Array> {
  /** Weak, since it need not stay when nothing is left to borrow it for. */
  #idle: WeakRef<T> | undefined;

  constructor(private readonly create: (length: number) => T) {}

  /** Runs `use` with `length` numbers that hold anything. A loan within a loan gets an array of its own. */
  borrow<R>(length: number, use: (scratch: T) => R): R {
    const idle = this.#idle?.deref();
    this.#idle = undefined;
    const lent = idle && idle.length >= length ? idle : this.create(length);
    try {
      return use(lent.subarray(0, length) as T);
    } finally {
      this.#idle = new WeakRef(lent);
    }
  }
}
