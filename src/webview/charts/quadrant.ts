/** The classic quadrant of fine-tuning: how many images there are by how well the model knows them, and what suits. */
import * as l10n from '@vscode/l10n';
import { fewImages, wellKnown } from '../../shared/advice.js';
import { h, svg } from '../element.js';

export interface QuadrantPoint {
  /** Training images. */
  images: number;
  /** 0 to 1. */
  familiarity: number;
}

/** The decades of images that the chart shows. */
const range = [10, 16_000] as const;
const size = { width: 240, height: 120 };

const share = (value: number): number => Math.min(1, Math.max(0, value));
const across = (familiarity: number): number => size.width * share(familiarity);
const up = (images: number): number =>
  size.height * (1 - share(Math.log(Math.max(1, images) / range[0]) / Math.log(range[1] / range[0])));

/** `words` says the same for those who do not see it. */
export function quadrant({ images, familiarity }: QuadrantPoint, words: string): HTMLElement {
  const [x, y] = [across(wellKnown), up(fewImages)];
  const chart = svg('svg', { viewBox: `0 0 ${size.width} ${size.height}`, role: 'img', 'aria-label': words });
  chart.append(
    svg('rect', { class: 'quadrant-frame', x: 0.5, y: 0.5, width: size.width - 1, height: size.height - 1 }),
    svg('line', { class: 'quadrant-line', x1: 0, x2: size.width, y1: y, y2: y }),
    svg('line', { class: 'quadrant-line', x1: x, x2: x, y1: 0, y2: y }),
    svg('text', { class: 'quadrant-word', x: x / 2, y: y / 2 }, l10n.t('Full or LoRA')),
    svg('text', { class: 'quadrant-word', x: x / 2, y: (y + size.height) / 2 }, l10n.t('Head')),
    svg('circle', { class: 'quadrant-point', cx: across(familiarity), cy: up(images), r: 5 }),
  );
  return h(
    'figure',
    { class: 'quadrant' },
    h('figcaption', { class: 'hint' }, l10n.t('Up: more images. To the right: the model knows them better.')),
    chart as Node,
  );
}
