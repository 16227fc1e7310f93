/** The map of a dataset: its images as points, coloured, hidden by the legend, selected by an outline. */
import * as l10n from '@vscode/l10n';
import { ImageList } from '../../shared/imageList.js';
import { dropdown, textButton } from '../controls.js';
import { h, setText } from '../element.js';
import { type Host, openView } from '../host.js';
import { ImageFacts } from '../imageGrid/facts.js';
import { Selection } from '../imageGrid/selection.js';
import { Thumbnails } from '../imageGrid/thumbnails.js';
import type { DatasetMapState, FromDatasetMap, KeptByDatasetMap, ToDatasetMap } from '../protocol.js';
import { onThemeChange } from '../theme.js';
import { pointsWithin, type Spot } from './geometry.js';
import { Legend } from './legend.js';
import { Plane } from './plane.js';
import type { Camera } from './points.js';
import { schemesOf, type Scheme } from './schemes.js';
import './style.css';

type Kept = KeptByDatasetMap & {
  scheme: string;
  hidden: Record<string, number[]>;
  camera: Camera | null;
  selected: string;
};
type Later = Exclude<ToDatasetMap, { type: 'init' }>;

openView<DatasetMapState, Later, FromDatasetMap, Kept>((root, state, host) => {
  view?.dispose();
  view = new DatasetMapView(root, state, host);
  return (message) => view?.receive(message);
});

let view: DatasetMapView | undefined;

class DatasetMapView {
  private readonly places: Float32Array;
  private readonly schemes: Scheme[];
  private scheme: Scheme;
  /** The words of each scheme whose images are hidden. */
  private readonly hidden: Map<string, Set<number>>;
  private readonly selection: Selection;
  private readonly legend: Legend;
  private readonly thumbnails: Thumbnails;
  private readonly plane: Plane;
  private readonly counts = h('p', { class: 'counts quiet', role: 'status' });
  private readonly actions = h('div', { class: 'selection-actions' });
  private readonly endTheme: () => void;
  private keeping: ReturnType<typeof setTimeout> | undefined;

  constructor(
    root: HTMLElement,
    private readonly state: DatasetMapState,
    private readonly host: Host<FromDatasetMap, Kept>,
  ) {
    const kept = host.kept()?.map === state.id ? host.kept() : undefined;
    const whole = ImageList.of(state.list);
    const task = whole.columns.find(({ id }) => id === 'prediction')?.task;
    const [x, y] = [whole.number('x')!.data, whole.number('y')!.data];
    this.places = Float32Array.from({ length: 2 * whole.length }, (_, at) => (at % 2 ? y : x)[at >> 1]!);
    const list = whole.without('x', 'y');
    this.schemes = schemesOf(list, task);
    this.scheme = this.schemes.find(({ id }) => id === kept?.scheme) ?? this.schemes[0]!;
    this.hidden = new Map(this.schemes.map(({ id }) => [id, new Set(kept?.hidden[id])]));
    this.selection = new Selection(list.length);
    if (kept?.selected) this.selection.restore(kept.selected);
    this.legend = new Legend(host.formats, (word) => this.toggle(word));
    this.thumbnails = new Thumbnails((rows) => host.post({ type: 'want', rows }));
    this.plane = new Plane(this.places, new ImageFacts(list, task, host.formats), kept?.camera, {
      isSeen: (row) => this.isSeen(row),
      onHover: (row) => {
        this.thumbnails.show(row < 0 ? [] : [row]);
        return row < 0 ? undefined : this.thumbnails.get(row);
      },
      onOpen: (row) => this.post({ type: 'open', row }),
      onMove: () => this.keepSoon(),
      onOutline: (outline, adds) => this.select(outline, adds),
      onClear: () => this.clear(),
    });
    const colouring = dropdown({
      name: 'scheme',
      label: l10n.t('Colour by'),
      onChange: (id) => {
        this.scheme = this.schemes.find((each) => each.id === id)!;
        this.show();
      },
    });
    colouring.setOptions(
      this.schemes.map(({ id, title }) => ({ value: id, label: title })),
      this.scheme.id,
    );
    root.append(
      h(
        'header',
        { class: 'map-head' },
        h('h1', {}, state.heading),
        ...state.lead.map((line) => h('p', { class: 'quiet' }, line)),
      ),
      h('div', { class: 'map-tools' }, colouring.element, ...this.plane.tools),
      h('div', { class: 'map-body' }, this.plane.element, this.legend.element),
      h('footer', { class: 'map-foot' }, this.counts, this.actions),
    );
    this.plane.begin();
    this.show();
    // The points and the legend have colours of their own for light themes.
    this.endTheme = onThemeChange(() => this.show());
  }

  receive(message: Later): void {
    const thumbnail = 'src' in message ? { src: message.src } : { error: message.error };
    this.thumbnails.set(message.row, thumbnail);
    this.plane.showThumbnail(message.row, thumbnail);
  }

  dispose(): void {
    clearTimeout(this.keeping);
    this.endTheme();
    this.thumbnails.dispose();
    this.plane.dispose();
  }

  private isSeen(row: number): boolean {
    return !this.hidden.get(this.scheme.id)!.has(this.scheme.data[row]!);
  }

  private toggle(word: number): void {
    const hidden = this.hidden.get(this.scheme.id)!;
    if (!hidden.delete(word)) hidden.add(word);
    this.show();
  }

  private select(outline: readonly Spot[], adds: boolean): void {
    if (!adds) this.selection.clear();
    for (const row of pointsWithin(this.places, (point) => this.isSeen(point), outline)) this.selection.set(row, true);
    this.show();
  }

  private clear(): void {
    this.selection.clear();
    this.show();
  }

  private show(): void {
    const hidden = this.hidden.get(this.scheme.id)!;
    const colours = this.plane.colour(this.scheme, hidden, this.selection);
    this.legend.show(this.scheme, colours, hidden);
    this.showSelection();
    this.keepSoon();
  }

  /** The images that are seen, or of these those that are selected. */
  private rows(selected: boolean): Uint32Array {
    const all = Uint32Array.from({ length: this.scheme.data.length }, (_, row) => row);
    return all.filter((row) => this.isSeen(row) && (!selected || this.selection.has(row)));
  }

  private showSelection(): void {
    const { integer } = this.host.formats;
    const [all, seen, chosen] = [this.scheme.data.length, this.rows(false), this.rows(true)];
    const format = (value: number) => integer.call(this.host.formats, value);
    const parts = [
      seen.length < all
        ? l10n.t('{0} of {1} images', format(seen.length), format(all))
        : l10n.t('{0} images', format(all)),
    ];
    if (chosen.length > 0) parts.push(l10n.t('{0} selected', format(chosen.length)));
    setText(this.counts, parts.join(' · '));
    const rows = chosen.length > 0 ? chosen : seen;
    const hasFocus = this.actions.contains(document.activeElement);
    this.actions.replaceChildren(
      ...(rows.length > 0 ? [textButton(l10n.t('Open in Grid'), () => this.post({ type: 'grid', rows }))] : []),
      ...(chosen.length > 0 ? [textButton(l10n.t('Clear Selection'), () => this.clear())] : []),
    );
    if (hasFocus) (this.actions.firstElementChild as HTMLElement | null)?.focus();
  }

  private post(message: FromDatasetMap): void {
    // An editor that opens takes the place of this view.
    this.keepNow();
    this.host.post(message);
  }

  private keepSoon(): void {
    this.keeping ??= setTimeout(() => this.keepNow(), 100);
  }

  private keepNow(): void {
    clearTimeout(this.keeping);
    this.keeping = undefined;
    this.host.keep({
      map: this.state.id,
      scheme: this.scheme.id,
      hidden: Object.fromEntries([...this.hidden].map(([id, words]) => [id, [...words]])),
      camera: this.plane.kept,
      selected: this.selection.toText(),
    });
  }
}
