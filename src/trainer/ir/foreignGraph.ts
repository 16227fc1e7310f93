/**
 * A network from a file in another format than the IR. The IR holds it as one op and knows only this interface.
 */
export interface ForeignGraph {
  /** A hash of everything that its outputs depend on. */
  readonly key: string;
  /** The number of its weights. */
  readonly weights: number;
  /** The key, so that a printed or compared graph does not contain the weights. */
  toJSON(): string;
  toString(): string;
}
