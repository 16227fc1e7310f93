/**
 * The confusion matrix as a heat map: rows are the truth, each normalised to itself; mouse and arrow keys show the
 * counts.
 */
import * as l10n from '@vscode/l10n';
import { h, setText } from '../element.js';
import type { Formats } from '../../shared/formats.js';
import { sum } from '../perClass.js';
import { chartFont, themeValue } from '../theme.js';
import { chartColor } from './series.js';

interface Cell {
  truth: number;
  prediction: number;
}

const gap = 1;
const largestCell = 48;
/** CSS pixels. */
const smallestCell = 4;

export class ConfusionMatrix {
  readonly element: HTMLElement;
  private readonly canvas: HTMLCanvasElement;
  /** The matrix without the mark of the chosen cell, so that pointing at another one draws only that mark. */
  private readonly unmarked = document.createElement('canvas');
  private readonly readout = h('p', { class: 'readout', role: 'status', id: 'confusion-readout' });
  private labels: string[] = [];
  private counts: number[][] = [];
  private chosen: Cell | null = null;
  /** CSS pixels: where the cells begin, and how far one is from the next. */
  private layout = { left: 0, top: 0, pitch: 0 };
  private readonly resizes: ResizeObserver;

  constructor(
    private readonly formats: Formats,
    /** Null: cells cannot be opened. */
    private readonly onOpen: ((cell: Cell) => void) | null,
  ) {
    this.canvas = h('canvas', {
      tabindex: 0,
      // The keys are its own: a screen reader must pass them on.
      role: 'application',
      'aria-label': l10n.t(
        'Confusion matrix: rows are the truth, columns what was predicted. Arrow keys go from cell to cell.',
      ),
      'aria-describedby': 'confusion-readout',
      mousemove: (event: MouseEvent) => this.choose(this.cellAt(event)),
      mouseleave: () => this.choose(null),
      click: (event: MouseEvent) => this.open(this.cellAt(event)),
      keydown: (event: KeyboardEvent) => this.key(event),
      blur: () => this.choose(null),
    });
    if (onOpen) this.canvas.style.cursor = 'pointer';
    const place = h('div', { class: 'matrix' }, this.canvas);
    this.element = h('div', { class: 'confusion' }, place, this.readout);
    this.resizes = new ResizeObserver(() => this.draw());
    this.resizes.observe(place);
    this.choose(null);
  }

  show(labels: string[], counts: number[][]): void {
    this.labels = labels;
    this.counts = counts;
    this.draw();
    this.showReadout();
  }

  draw(): void {
    const width = this.canvas.parentElement?.clientWidth ?? 0;
    const context = this.unmarked.getContext('2d');
    const classes = this.labels.length;
    if (!context || width <= 0 || classes === 0) return;

    const font = chartFont();
    context.font = font;
    const widest = Math.min(Math.max(...this.labels.map((label) => context.measureText(label).width)), 104, width / 3);
    // Below 12 px a row has no room for its name: the read-out names the cell.
    const named = (width - widest - 8) / classes >= 14;
    const left = named ? Math.ceil(widest) + 8 : 0;
    // Names of columns lean to the right, past their column: each must end within the width.
    const leaning = this.labels.map((label) =>
      named ? Math.min(widest, context.measureText(label).width) * Math.SQRT1_2 + 8 : 0,
    );
    const pitch = Math.max(
      1,
      Math.min(
        largestCell,
        (width - left) / classes,
        ...leaning.map((length, column) => (width - left - length) / (column + 0.5)),
      ),
    );
    const top = named ? Math.ceil(widest * Math.SQRT1_2) + 12 : 0;
    this.layout = { left, top, pitch };

    const scale = window.devicePixelRatio || 1;
    const side = Math.ceil(pitch * classes);
    const reach = Math.max(side, ...leaning.map((length, column) => (column + 0.5) * pitch + length));
    const [canvasWidth, canvasHeight] = [Math.ceil(left + reach), top + side];
    for (const canvas of [this.canvas, this.unmarked]) {
      canvas.width = Math.round(canvasWidth * scale);
      canvas.height = Math.round(canvasHeight * scale);
    }
    this.canvas.style.width = `${canvasWidth}px`;
    this.canvas.style.height = `${canvasHeight}px`;
    context.scale(scale, scale);
    context.font = font;
    this.drawCells(context);
    if (named) this.drawNames(context, widest);
    this.mark();
  }

  dispose(): void {
    this.resizes.disconnect();
  }

  private drawCells(context: CanvasRenderingContext2D): void {
    const { left, top, pitch } = this.layout;
    if (pitch < smallestCell) return this.drawPixels(context);
    const right = chartColor('blue');
    const wrong = chartColor('orange');
    const empty = themeValue('--cell-empty');
    const words = themeValue('--text');
    const side = pitch > 4 ? pitch - gap : pitch;
    // On pure black or white a faint colour is none.
    const faintest = /high-contrast/.test(document.body.className) ? 0.35 : 0.12;
    context.textAlign = 'center';
    context.textBaseline = 'middle';
    context.fillStyle = empty;
    if (side === pitch) context.fillRect(left, top, pitch * this.labels.length, pitch * this.labels.length);
    this.counts.forEach((row, truth) => {
      const total = sum(row);
      row.forEach((count, prediction) => {
        const share = total > 0 ? count / total : 0;
        const [x, y] = [left + prediction * pitch, top + truth * pitch];
        if (side < pitch) {
          context.fillStyle = empty;
          context.fillRect(x, y, side, side);
        }
        if (count === 0) return;
        context.globalAlpha = faintest + (0.6 - faintest) * share;
        context.fillStyle = truth === prediction ? right : wrong;
        context.fillRect(x, y, side, side);
        context.globalAlpha = 1;
        if (pitch >= 24) {
          context.fillStyle = words;
          context.fillText(this.formats.integer(count), x + side / 2, y + side / 2, side - 4);
        }
      });
    });
  }

  /** Cells too small for gaps and counts: one pixel each, enlarged at once, since they may be hundreds of thousands. */
  private drawPixels(context: CanvasRenderingContext2D): void {
    const { left, top, pitch } = this.layout;
    const classes = this.labels.length;
    const cells = document.createElement('canvas');
    cells.width = cells.height = classes;
    const pen = cells.getContext('2d', { willReadFrequently: true });
    if (!pen) return;
    const [right, wrong] = [rgbOf(pen, chartColor('blue')), rgbOf(pen, chartColor('orange'))];
    pen.clearRect(0, 0, classes, classes);
    pen.fillStyle = themeValue('--cell-empty');
    pen.fillRect(0, 0, classes, classes);
    const image = pen.getImageData(0, 0, classes, classes);
    this.counts.forEach((row, truth) => {
      const total = sum(row);
      row.forEach((count, prediction) => {
        if (count === 0) return;
        const [red, green, blue] = truth === prediction ? right : wrong;
        // A single pixel must be seen at all: it begins less faint than a cell.
        image.data.set([red, green, blue, 255 * (0.3 + (0.6 * count) / total)], 4 * (truth * classes + prediction));
      });
    });
    pen.putImageData(image, 0, 0);
    context.imageSmoothingEnabled = false;
    context.drawImage(cells, left, top, pitch * classes, pitch * classes);
  }

  private drawNames(context: CanvasRenderingContext2D, widest: number): void {
    const { left, top, pitch } = this.layout;
    context.fillStyle = themeValue('--quiet');
    this.labels.forEach((label, index) => {
      const text = shorten(context, label, widest);
      context.textAlign = 'right';
      context.textBaseline = 'middle';
      context.fillText(text, left - 8, top + (index + 0.5) * pitch);
      context.save();
      context.translate(left + (index + 0.5) * pitch, top - 6);
      context.rotate(-Math.PI / 4);
      context.textAlign = 'left';
      context.fillText(text, 0, 0);
      context.restore();
    });
  }

  private mark(): void {
    const context = this.canvas.getContext('2d');
    if (!context || this.unmarked.width === 0) return;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, this.canvas.width, this.canvas.height);
    context.drawImage(this.unmarked, 0, 0);
    if (!this.chosen) return;
    const scale = window.devicePixelRatio || 1;
    context.scale(scale, scale);
    const { left, top, pitch } = this.layout;
    // Where cells are tiny the mark lies around the cell, to be seen at all.
    const side = Math.max(6, pitch - gap);
    const inset = (pitch - gap - side) / 2;
    context.strokeStyle = themeValue('--focus');
    context.lineWidth = 2;
    context.strokeRect(
      left + this.chosen.prediction * pitch + inset + 1,
      top + this.chosen.truth * pitch + inset + 1,
      side - 2,
      side - 2,
    );
  }

  private cellAt(event: MouseEvent): Cell | null {
    const { left, top, pitch } = this.layout;
    const prediction = Math.floor((event.offsetX - left) / pitch);
    const truth = Math.floor((event.offsetY - top) / pitch);
    const inside = (index: number) => index >= 0 && index < this.labels.length;
    return inside(prediction) && inside(truth) ? { truth, prediction } : null;
  }

  private key(event: KeyboardEvent): void {
    const moves: Record<string, [number, number]> = {
      ArrowUp: [-1, 0],
      ArrowDown: [1, 0],
      ArrowLeft: [0, -1],
      ArrowRight: [0, 1],
    };
    const move = moves[event.key];
    if (move) {
      const within = (index: number) => Math.min(this.labels.length - 1, Math.max(0, index));
      const from = this.chosen ?? { truth: -move[0], prediction: -move[1] };
      this.choose({ truth: within(from.truth + move[0]), prediction: within(from.prediction + move[1]) });
    } else if (event.key === 'Enter' || event.key === ' ') {
      this.open(this.chosen);
    } else {
      return;
    }
    event.preventDefault();
  }

  private open(cell: Cell | null): void {
    if (cell) this.onOpen?.(cell);
  }

  private choose(cell: Cell | null): void {
    if (cell?.truth === this.chosen?.truth && cell?.prediction === this.chosen?.prediction && this.readout.textContent)
      return;
    this.chosen = cell;
    this.mark();
    this.showReadout();
  }

  private showReadout(): void {
    const { chosen } = this;
    if (!chosen) {
      setText(this.readout, l10n.t('Rows: truth. Columns: prediction. Point at a cell for its count.'));
      return;
    }
    const row = this.counts[chosen.truth] ?? [];
    const count = row[chosen.prediction] ?? 0;
    const total = sum(row);
    setText(
      this.readout,
      l10n.t(
        '{0} predicted as {1}: {2} of {3} ({4})',
        this.labels[chosen.truth] ?? '',
        this.labels[chosen.prediction] ?? '',
        this.formats.integer(count),
        this.formats.integer(total),
        this.formats.percent(total > 0 ? count / total : 0),
      ),
    );
  }
}

function shorten(context: CanvasRenderingContext2D, text: string, width: number): string {
  if (context.measureText(text).width <= width) return text;
  const letters = [...text];
  while (letters.length > 1 && context.measureText(`${letters.join('')}…`).width > width) letters.pop();
  return `${letters.join('')}…`;
}

/** A colour of any notation as red, green and blue, 0 to 255. */
function rgbOf(context: CanvasRenderingContext2D, color: string): [number, number, number] {
  context.fillStyle = color;
  context.fillRect(0, 0, 1, 1);
  const [red = 0, green = 0, blue = 0] = context.getImageData(0, 0, 1, 1).data;
  return [red, green, blue];
}
