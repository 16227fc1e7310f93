/**
 * The position in a content that may be higher than a browser lets an element be: an element of a bounded height
 * scrolls, small movements move the content by as much, and large ones in proportion.
 */

/** Browsers bound an element's height at some 17 to 33 million CSS pixels. */
export const highest = 8_000_000;

export class VirtualScroll {
  /** Of the content, above what is seen. */
  offset = 0;
  /** `scrollTop` when it was last looked at or set. */
  #top = 0;
  #content = 0;
  #viewport = 0;

  constructor(private readonly limit = highest) {}

  /** The height of the element that scrolls. */
  get height(): number {
    return Math.min(this.#content, this.limit);
  }

  get #lastOffset(): number {
    return Math.max(0, this.#content - this.#viewport);
  }

  get #lastTop(): number {
    return Math.max(0, this.height - this.#viewport);
  }

  /** CSS pixels of the content and of what is seen of it. Returns the `scrollTop` to set. */
  resize(content: number, viewport: number): number {
    this.#content = content;
    this.#viewport = viewport;
    return this.goTo(this.offset);
  }

  /** Returns the `scrollTop` to set. */
  goTo(offset: number): number {
    this.offset = Math.min(this.#lastOffset, Math.max(0, offset));
    return this.settle();
  }

  /**
   * The `scrollTop` in proportion to the offset, to be set when nothing moves; the way to an end that is near is left
   * whole.
   */
  settle(): number {
    const share = this.#lastOffset > 0 ? this.offset / this.#lastOffset : 0;
    const above = Math.min(this.offset, this.#viewport);
    const below = Math.min(this.#lastOffset - this.offset, this.#viewport);
    const inProportion = Math.min(this.#lastTop - below, Math.max(above, Math.round(share * this.#lastTop)));
    this.#top = this.#content <= this.limit ? this.offset : inProportion;
    return this.#top;
  }

  /** The element was scrolled to `top`. Returns the `scrollTop` to set instead where the element ends too early. */
  moved(top: number): number | undefined {
    const delta = top - this.#top;
    this.#top = top;
    if (this.#content <= this.limit) {
      this.offset = top;
      return undefined;
    }
    if (Math.abs(delta) > 2 * this.#viewport) {
      this.offset = this.#lastTop > 0 ? (top / this.#lastTop) * this.#lastOffset : 0;
      return undefined;
    }
    this.offset = Math.min(this.#lastOffset, Math.max(0, this.offset + delta));
    const isAtEnd = top <= 0 || top >= this.#lastTop;
    const isOffsetAtEnd = this.offset <= 0 || this.offset >= this.#lastOffset;
    return isAtEnd === isOffsetAtEnd ? undefined : this.settle();
  }
}
