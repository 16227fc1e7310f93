/** The plane with the points: drawn, moved, zoomed, pointed at, outlined, and used by keys. */
import * as l10n from '@vscode/l10n';
import { textButton } from '../controls.js';
import { h } from '../element.js';
import type { ImageFacts } from '../imageGrid/facts.js';
import type { Selection } from '../imageGrid/selection.js';
import type { Thumbnail } from '../imageGrid/thumbnails.js';
import { messageBox } from '../message.js';
import { cameraOf, nearestPoint, toPlane, zoomed, type Size, type Spot } from './geometry.js';
import { Hover } from './hover.js';
import { Points, type Camera } from './points.js';
import { coloursOf, type Scheme } from './schemes.js';

export interface PlaneEvents {
  isSeen: (row: number) => boolean;
  /** Gives the thumbnail, where it is there; −1: none is pointed at. */
  onHover: (row: number) => Thumbnail | undefined;
  onOpen: (row: number) => void;
  onMove: () => void;
  /** An outline in the plane; `adds`: to what is selected. */
  onOutline: (outline: readonly Spot[], adds: boolean) => void;
  onClear: () => void;
}

/** Pixels of the page. */
const reach = 10;
const keyStep = 60;
/** What one press of a key, or one turn of the wheel, zooms by. */
const keyZoom = 1.4;

const isLight = (): boolean => /vscode-(high-contrast-)?light/.test(document.body.className);

export class Plane {
  readonly element = h('div', { class: 'plane' });
  readonly tools: HTMLElement[];
  private camera: Camera = { x: 0, y: 0, scale: 1 };
  /** All points are seen, also after the plane has got another size. */
  private isFitted: boolean;
  private readonly canvas = h('canvas', { tabindex: 0, role: 'application' });
  private readonly lasso = document.createElementNS('http://www.w3.org/2000/svg', 'polygon');
  private readonly hover: Hover;
  private readonly outlining: HTMLButtonElement;
  private points: Points | undefined;
  private isOutlining = false;
  /** The outline that is being drawn, in pixels of the canvas; or where the plane is held. */
  private outline: Spot[] | undefined;
  private held: Spot | undefined;
  private frame = 0;
  private size: Size = { width: 1, height: 1 };
  private shown: Parameters<Plane['colour']> | undefined;
  private readonly ends: (() => void)[] = [];

  constructor(
    private readonly places: Float32Array,
    facts: ImageFacts,
    /** Where an earlier view was; null: it saw all. */
    kept: Camera | null | undefined,
    private readonly events: PlaneEvents,
  ) {
    this.isFitted = !kept;
    if (kept) this.camera = kept;
    this.hover = new Hover(facts);
    this.canvas.setAttribute(
      'aria-label',
      l10n.t('Map of the images. Arrow keys move, plus and minus zoom, 0 shows all. “Open in Grid” lists the images.'),
    );
    this.outlining = textButton(l10n.t('Select by Outline'), () => this.setOutlining(!this.isOutlining));
    this.outlining.setAttribute('aria-pressed', 'false');
    this.outlining.title = l10n.t('Draw around images to select them; or hold Shift and drag.');
    this.tools = [this.outlining, textButton(l10n.t('Show All'), () => this.showAll())];
    const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
    svg.setAttribute('class', 'lasso');
    svg.setAttribute('aria-hidden', 'true');
    svg.append(this.lasso);
    this.element.append(this.canvas, svg, this.hover.element);
    this.listen();
  }

  /** For a later view. */
  get kept(): Camera | null {
    return this.isFitted ? null : this.camera;
  }

  /** Once it is part of the page. */
  begin(): void {
    this.points = Points.on(this.canvas, this.places);
    if (!this.points) return this.lackWebGl();
    const resizes = new ResizeObserver(() => {
      const { clientWidth, clientHeight } = this.element;
      this.size = { width: Math.max(1, clientWidth), height: Math.max(1, clientHeight) };
      this.redraw();
    });
    resizes.observe(this.element);
    this.ends.push(() => resizes.disconnect());
    this.canvas.addEventListener('webglcontextlost', (event) => event.preventDefault());
    this.canvas.addEventListener('webglcontextrestored', () => {
      this.points = Points.on(this.canvas, this.places);
      if (this.shown) this.colour(...this.shown);
    });
  }

  /** Colours all points by a scheme; those that are not selected are pale where some are. */
  colour(scheme: Scheme, hidden: ReadonlySet<number>, selection: Selection): number[][] {
    this.shown = [scheme, hidden, selection];
    const colours = coloursOf(scheme, isLight());
    const bytes = new Uint8Array(4 * scheme.data.length);
    scheme.data.forEach((word, row) => {
      if (hidden.has(word)) return;
      bytes.set(colours[word]!, 4 * row);
      bytes[4 * row + 3] = selection.size === 0 ? 215 : selection.has(row) ? 255 : 45;
    });
    this.points?.setColours(bytes);
    if (this.hover.row >= 0 && !this.events.isSeen(this.hover.row)) this.hover.hide();
    this.redraw();
    return colours;
  }

  showThumbnail(row: number, thumbnail: Thumbnail): void {
    if (row === this.hover.row) this.hover.draw(thumbnail);
  }

  dispose(): void {
    cancelAnimationFrame(this.frame);
    for (const end of this.ends) end();
  }

  private lackWebGl(): void {
    this.canvas.hidden = true;
    this.element.append(
      messageBox({
        kind: 'warning',
        message: l10n.t('This window cannot draw the map: it has no WebGL.'),
        remedy: l10n.t('Open the images in the grid, or start the editor with hardware acceleration.'),
      }),
    );
    for (const tool of this.tools) tool.hidden = true;
  }

  private listen(): void {
    const { canvas } = this;
    const on = <Type extends keyof HTMLElementEventMap>(type: Type, hear: (event: HTMLElementEventMap[Type]) => void) =>
      canvas.addEventListener(type, hear, { passive: false });
    const spotOf = ({ offsetX, offsetY }: MouseEvent): Spot => [offsetX, offsetY];
    on('wheel', (event) => {
      event.preventDefault();
      this.zoom(spotOf(event), Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.002)));
    });
    on('pointerdown', (event) => {
      if (event.button !== 0) return;
      canvas.setPointerCapture(event.pointerId);
      this.hide();
      if (this.isOutlining || event.shiftKey) this.outline = [spotOf(event)];
      else this.held = spotOf(event);
    });
    on('pointermove', (event) => this.drag(spotOf(event)));
    on('pointerup', (event) => this.release(event.ctrlKey || event.metaKey));
    on('pointercancel', () => this.release(false));
    on('pointerleave', () => this.hide());
    on('dblclick', (event) => {
      const row = this.at(spotOf(event));
      if (row >= 0) this.events.onOpen(row);
    });
    on('keydown', (event) => {
      if (!event.ctrlKey && !event.metaKey && !event.altKey && this.press(event.key)) event.preventDefault();
    });
  }

  private press(key: string): boolean {
    const { width, height } = this.size;
    const moves: Record<string, Spot> = {
      ArrowLeft: [-keyStep, 0],
      ArrowRight: [keyStep, 0],
      ArrowUp: [0, keyStep],
      ArrowDown: [0, -keyStep],
    };
    const move = moves[key];
    if (move) this.move(...move);
    else if (key === '+' || key === '=') this.zoom([width / 2, height / 2], keyZoom);
    else if (key === '-') this.zoom([width / 2, height / 2], 1 / keyZoom);
    else if (key === '0' || key === 'Home') this.showAll();
    else if (key === 'Escape') this.escape();
    else return false;
    return true;
  }

  private escape(): void {
    if (this.outline) this.outline = undefined;
    else this.events.onClear();
    this.drawOutline();
  }

  private drag(spot: Spot): void {
    if (this.outline) {
      this.outline.push(spot);
      this.drawOutline();
    } else if (this.held) {
      this.move(this.held[0] - spot[0], spot[1] - this.held[1]);
      this.held = spot;
    } else this.point(spot);
  }

  private release(adds: boolean): void {
    const { outline } = this;
    this.held = undefined;
    this.outline = undefined;
    this.drawOutline();
    if (!outline || outline.length < 3) return;
    this.events.onOutline(
      outline.map((spot) => toPlane(this.camera, this.size, spot)),
      adds,
    );
    this.setOutlining(false);
  }

  private setOutlining(isOutlining: boolean): void {
    this.isOutlining = isOutlining;
    this.outlining.setAttribute('aria-pressed', String(isOutlining));
    this.canvas.classList.toggle('outlining', isOutlining);
  }

  private drawOutline(): void {
    this.lasso.setAttribute('points', (this.outline ?? []).map((spot) => spot.join()).join(' '));
  }

  private at(spot: Spot): number {
    const place = toPlane(this.camera, this.size, spot);
    return nearestPoint(this.places, this.events.isSeen, place, reach / this.camera.scale);
  }

  private point(spot: Spot): void {
    const row = this.at(spot);
    if (row < 0) return this.hide();
    const isOther = row !== this.hover.row;
    this.hover.show(row, spot, this.size);
    if (isOther) this.hover.draw(this.events.onHover(row));
  }

  private hide(): void {
    if (this.hover.row < 0) return;
    this.hover.hide();
    this.events.onHover(-1);
  }

  private move(right: number, up: number): void {
    const { x, y, scale } = this.camera;
    this.look({ x: x + right / scale, y: y + up / scale, scale });
  }

  private zoom(spot: Spot, factor: number): void {
    this.look(zoomed(this.camera, this.size, spot, factor));
  }

  private showAll(): void {
    this.look(cameraOf(this.places, this.size), true);
  }

  private look(camera: Camera, isFitted = false): void {
    this.camera = camera;
    this.isFitted = isFitted;
    this.hide();
    this.redraw();
    this.events.onMove();
  }

  private redraw(): void {
    cancelAnimationFrame(this.frame);
    this.frame = requestAnimationFrame(() => {
      const { width, height } = this.size;
      const whole = cameraOf(this.places, this.size);
      if (this.isFitted) this.camera = whole;
      // Many points are small, so that they do not cover each other; from near they are larger.
      const usual = this.places.length > 40_000 ? 3 : this.places.length > 4000 ? 5 : 8;
      const nearer = this.camera.scale / whole.scale;
      this.points?.draw(this.camera, width, height, usual * Math.min(2, Math.max(1, nearer ** 0.4)));
    });
  }
}
