/**
 * The image on its stage: fit, 100 % and steps of zoom, scrolled by dragging, with a checkerboard where it is
 * transparent.
 */
import * as l10n from '@vscode/l10n';
import { textButton } from '../controls.js';
import type { Explanation } from '../../shared/explanation.js';
import { heatAt, heatColour } from '../../shared/heat.js';
import { h, icon, setText } from '../element.js';
import type { Formats } from '../../shared/formats.js';
import { errorBox, messageBox } from '../message.js';
import type { FromImageEditor, ImageEditorState, ImageState } from '../protocol.js';
import { fitZoom, nextZoom } from './zoom.js';

/** `fit` follows the size of the window. */
export type ZoomSetting = 'fit' | number;

const margin = 16;
/** Pixels of a side of the drawn explanation, which is stretched over the image. */
const heatSide = 256;
/** CSS pixels that an arrow key moves the image. */
const arrowStep = 40;

export class Stage {
  readonly element: HTMLElement;
  private readonly image = h('img', { class: 'image', draggable: 'false' });
  private readonly heat = h('canvas', { class: 'heat', width: heatSide, height: heatSide, 'aria-hidden': 'true' });
  private readonly viewport: HTMLElement;
  private readonly note = h('div', { class: 'stage-note' });
  private readonly size = h('span', { class: 'quiet' });
  private readonly percent = h('span', { class: 'zoom-percent', role: 'status' });
  private readonly fitButton = toolButton(l10n.t('Fit'), l10n.t('Fit to the window'), () => this.setZoom('fit'));
  private readonly fullButton = toolButton('', l10n.t('One image pixel to one screen pixel'), () => this.setZoom(1));
  private readonly tools: HTMLElement;
  private src: string | undefined;

  constructor(
    private file: ImageEditorState['file'],
    private zoom: ZoomSetting,
    private readonly formats: Formats,
    private readonly post: (message: FromImageEditor) => void,
    private readonly onZoom: (zoom: ZoomSetting) => void,
  ) {
    this.fullButton.textContent = formats.wholePercent(1);
    this.viewport = h(
      'div',
      {
        class: 'viewport',
        tabindex: 0,
        role: 'group',
        'aria-label': l10n.t('Image; plus and minus zoom, 0 fits, arrows move'),
        keydown: (event: KeyboardEvent) => this.key(event),
      },
      h('div', { class: 'picture' }, this.image, this.heat),
    );
    this.viewport.addEventListener('wheel', (event) => this.wheel(event), { passive: false });
    this.viewport.addEventListener('pointerdown', (event) => this.drag(event));
    this.tools = h(
      'div',
      { class: 'tools', role: 'toolbar', 'aria-label': l10n.t('Zoom') },
      this.fitButton,
      this.fullButton,
      toolButton('−', l10n.t('Zoom out'), () => this.step(-1)),
      this.percent,
      toolButton('+', l10n.t('Zoom in'), () => this.step(1)),
      this.size,
    );
    this.image.addEventListener('load', () => this.loaded());
    this.image.addEventListener('error', () => this.failed());
    this.element = h('div', { class: 'stage' }, this.viewport, this.note, this.tools);
    new ResizeObserver(() => this.layOut()).observe(this.viewport);
  }

  show(file: ImageEditorState['file'], image: ImageState): void {
    this.file = file;
    this.image.alt = file.name;
    if (image.kind === 'none') {
      this.src = undefined;
      this.sayInstead(errorBox(image.error, this.post));
    } else if (image.src !== this.src) {
      this.src = image.src;
      this.note.replaceChildren();
      this.viewport.hidden = false;
      this.image.hidden = true;
      this.image.src = image.src;
    }
  }

  /** Draws which places count over the part of the image that the model saw; undefined takes it away. */
  showHeat(explanation: Explanation | undefined): void {
    this.heat.hidden = explanation === undefined;
    const context = this.heat.getContext('2d');
    if (!explanation || !context) return;
    const { seen } = explanation;
    const pixels = context.createImageData(heatSide, heatSide);
    for (let y = 0; y < heatSide; y++)
      for (let x = 0; x < heatSide; x++) {
        const u = ((x + 0.5) / heatSide - seen.left) / seen.width;
        const v = ((y + 0.5) / heatSide - seen.top) / seen.height;
        if (u < 0 || u > 1 || v < 0 || v > 1) continue;
        pixels.data.set(heatColour(heatAt(explanation, u, v)), (y * heatSide + x) * 4);
      }
    context.putImageData(pixels, 0, 0);
  }

  private sayInstead(words: HTMLElement): void {
    this.viewport.hidden = true;
    this.tools.hidden = true;
    this.note.replaceChildren(icon('image'), words);
  }

  private loaded(): void {
    this.image.hidden = false;
    this.viewport.hidden = false;
    this.tools.hidden = false;
    this.note.replaceChildren();
    const { naturalWidth, naturalHeight } = this.image;
    setText(
      this.size,
      l10n.t(
        '{0} × {1} pixels, {2}',
        this.formats.integer(naturalWidth),
        this.formats.integer(naturalHeight),
        this.formats.bytes(this.file.size),
      ),
    );
    this.layOut();
  }

  private failed(): void {
    this.sayInstead(
      messageBox({
        kind: 'info',
        message: l10n.t('The editor cannot show this kind of image.'),
        remedy: l10n.t(
          'It can still be classified. Open it in another program, or convert it to PNG or JPEG to see it here.',
        ),
      }),
    );
    this.post({ type: 'imageFailed' });
  }

  private factor(): number {
    if (this.zoom !== 'fit') return this.zoom;
    const { naturalWidth: width, naturalHeight: height } = this.image;
    const { clientWidth, clientHeight } = this.viewport;
    return fitZoom({ width, height }, { width: clientWidth, height: clientHeight }, margin);
  }

  private layOut(): void {
    if (!this.image.naturalWidth) return;
    const zoom = this.factor();
    this.image.style.width = `${this.image.naturalWidth * zoom}px`;
    this.image.style.height = `${this.image.naturalHeight * zoom}px`;
    this.image.classList.toggle('pixelated', zoom >= 2);
    this.viewport.classList.toggle('scrolls', this.zoom !== 'fit');
    setText(this.percent, this.formats.wholePercent(zoom));
    this.fitButton.setAttribute('aria-pressed', String(this.zoom === 'fit'));
    this.fullButton.setAttribute('aria-pressed', String(this.zoom === 1));
  }

  private setZoom(zoom: ZoomSetting, at?: { x: number; y: number }): void {
    const before = this.factor();
    const { scrollLeft, scrollTop, clientWidth, clientHeight } = this.viewport;
    const focus = at ?? { x: clientWidth / 2, y: clientHeight / 2 };
    this.zoom = zoom;
    this.layOut();
    // What lay under the pointer (or in the middle) stays there.
    const ratio = this.factor() / before;
    this.viewport.scrollLeft = (scrollLeft + focus.x) * ratio - focus.x;
    this.viewport.scrollTop = (scrollTop + focus.y) * ratio - focus.y;
    this.onZoom(zoom);
  }

  private step(direction: 1 | -1, at?: { x: number; y: number }): void {
    this.setZoom(nextZoom(this.factor(), direction), at);
  }

  private wheel(event: WheelEvent): void {
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    const box = this.viewport.getBoundingClientRect();
    this.step(event.deltaY < 0 ? 1 : -1, { x: event.clientX - box.left, y: event.clientY - box.top });
  }

  private key(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === '+' || event.key === '=') this.step(1);
    else if (event.key === '-') this.step(-1);
    else if (event.key === '0') this.setZoom('fit');
    else if (event.key === '1') this.setZoom(1);
    else if (!this.scroll(event.key)) return;
    event.preventDefault();
  }

  /** Arrows move the image where it is larger than its place; false: the key is another. */
  private scroll(key: string): boolean {
    const ways: Record<string, [number, number]> = {
      ArrowUp: [0, -1],
      ArrowDown: [0, 1],
      ArrowLeft: [-1, 0],
      ArrowRight: [1, 0],
      PageUp: [0, -10],
      PageDown: [0, 10],
    };
    const way = ways[key];
    if (way) this.viewport.scrollBy(way[0] * arrowStep, way[1] * arrowStep);
    return way !== undefined;
  }

  private drag(start: PointerEvent): void {
    if (start.button !== 0) return;
    const { scrollLeft, scrollTop, clientWidth, clientHeight } = this.viewport;
    const box = this.viewport.getBoundingClientRect();
    // On the scroll bars themselves nothing is dragged.
    if (start.clientX > box.left + clientWidth || start.clientY > box.top + clientHeight) return;
    const move = (event: PointerEvent) => {
      this.viewport.scrollLeft = scrollLeft - (event.clientX - start.clientX);
      this.viewport.scrollTop = scrollTop - (event.clientY - start.clientY);
    };
    const end = () => {
      this.viewport.removeEventListener('pointermove', move);
      this.viewport.classList.remove('dragging');
    };
    this.viewport.setPointerCapture(start.pointerId);
    this.viewport.classList.add('dragging');
    this.viewport.addEventListener('pointermove', move);
    this.viewport.addEventListener('pointerup', end, { once: true });
    this.viewport.addEventListener('pointercancel', end, { once: true });
  }
}

function toolButton(label: string, title: string, onClick: () => void): HTMLButtonElement {
  const button = textButton(label, onClick);
  button.className = 'tool-button';
  button.title = title;
  // A word names the button itself.
  if (/^[−+]$/.test(label)) button.setAttribute('aria-label', title);
  return button;
}
