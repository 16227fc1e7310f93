/**
 * A network that was read from a file in another form than the IR's: the IR holds it as one op and knows no more of it
 * than this.
 */
export interface ForeignGraph {
  /** A hash of all that its answers depend on. */
  readonly key: string;
  /** Numbers in its weights. */
  readonly weights: number;
  /** The key, so that a printed or compared graph does not hold the weights. */
  toJSON(): string;
  toString(): string;
}
