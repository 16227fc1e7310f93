/** How the parts of an image are turned, mirrored and cropped into the image that is seen. */

export type Turn =
  | { kind: 'rotate'; quarters: number }
  | { kind: 'mirror'; axis: 'x' | 'y' }
  | { kind: 'crop'; left: number; top: number; right: number; bottom: number };

/** Where a stored pixel (x, y) is seen: `x · along[0] + y · down[0] + origin[0]`, and the same with [1] for the row. */
export class Upright {
  #along: [number, number] = [1, 0];
  #down: [number, number] = [0, 1];
  #origin: [number, number] = [0, 0];
  /** The size before it is turned. */
  readonly stored: { width: number; height: number };

  constructor(
    public width: number,
    public height: number,
  ) {
    this.stored = { width, height };
  }

  /** Adds a step after those added before. A rotation is counter-clockwise, `x` mirrors left and right. */
  add(turn: Turn): void {
    if (turn.kind === 'crop') {
      this.#origin = [this.#origin[0] - turn.left, this.#origin[1] - turn.top];
      this.width -= turn.left + turn.right;
      this.height -= turn.top + turn.bottom;
    } else if (turn.kind === 'mirror') {
      this.#map(
        turn.axis === 'x'
          ? ([x, y], o) => [o * (this.width - 1) - x, y]
          : ([x, y], o) => [x, o * (this.height - 1) - y],
      );
    } else {
      for (let i = 0; i < turn.quarters; i++) {
        this.#map(([x, y], o) => [y, o * (this.width - 1) - x]);
        [this.width, this.height] = [this.height, this.width];
      }
    }
  }

  /** `isPoint` is 1 for the origin, 0 for a direction. */
  #map(step: (v: [number, number], isPoint: 0 | 1) => [number, number]): void {
    this.#along = step(this.#along, 0);
    this.#down = step(this.#down, 0);
    this.#origin = step(this.#origin, 1);
  }

  /**
   * Copies rows of `channels` samples a pixel, `stride` bytes from row to row, of the part that is stored at (left,
   * top) to where they are seen in `target` [height, width, channels]. What lies outside of it is left out.
   */
  place(
    part: { data: Uint8Array; stride: number; left: number; top: number; width: number; height: number },
    channels: number,
    target: Uint8Array,
  ): void {
    const { data, stride, left, top } = part;
    const [dx, dy] = this.#along;
    for (let row = 0; row < part.height; row++) {
      let x = left * dx + (top + row) * this.#down[0] + this.#origin[0];
      let y = left * dy + (top + row) * this.#down[1] + this.#origin[1];
      for (let column = 0, from = row * stride; column < part.width; column++, from += channels, x += dx, y += dy) {
        if (x < 0 || y < 0 || x >= this.width || y >= this.height) continue;
        const to = (y * this.width + x) * channels;
        for (let c = 0; c < channels; c++) target[to + c] = data[from + c]!;
      }
    }
  }
}
