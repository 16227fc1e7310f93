/** The image grid: the images of a dataset, an evaluation or a problem, filtered, sorted and selected. */
import * as l10n from '@vscode/l10n';
import { textButton } from '../controls.js';
import { h, icon, setText } from '../element.js';
import { type Host, openView } from '../host.js';
import { errorBox } from '../message.js';
import { goneColumn, ImageList } from '../../shared/imageList.js';
import type {
  FromImageGrid,
  ImageAction,
  ImageGridState,
  ImageQuery,
  KeptByImageGrid,
  LateColumns,
  ToImageGrid,
} from '../protocol.js';
import { ImageFacts } from './facts.js';
import { Grid } from './grid.js';
import { everything, Queries } from './query.js';
import { Selection } from './selection.js';
import { Thumbnails } from './thumbnails.js';
import { acceptWords, offerOf } from './offer.js';
import { columnsOf, isFiltered, Toolbar } from './toolbar.js';
import './style.css';

type Kept = KeptByImageGrid & { query: ImageQuery; place: Grid['place']; selected: string };
type Later = Exclude<ToImageGrid, { type: 'init' }>;

openView<ImageGridState, Later, FromImageGrid, Kept>((root, state, host) => {
  view?.dispose();
  view = new ImageGridView(root, state, host);
  return (message) => view?.receive(message);
});

let view: ImageGridView | undefined;

/** Which request brings a column. */
const lateOf = (column: string): LateColumns | undefined =>
  column === 'name' ? 'names' : column === 'size' || column === 'date' ? 'files' : undefined;

/** Images of a list that are gone since it was made. */
function goneIn(list: ImageList): number {
  let gone = 0;
  for (const value of list.choice(goneColumn)?.data ?? []) if (value) gone++;
  return gone;
}

class ImageGridView {
  private list: ImageList;
  private readonly task: string | undefined;
  private facts: ImageFacts;
  private queries: Queries;
  private query: ImageQuery;
  /** What the tiles show; `query` may still wait for its columns. */
  private shown: ImageQuery = everything;
  private order = new Uint32Array();
  private waitsFor: LateColumns | undefined;
  /** The list has been brought up to date, and may have another length than at first. */
  private isWhole = false;
  /** Of an earlier view, to which this one returns. */
  private place: Grid['place'] | undefined;
  private keeping: ReturnType<typeof setTimeout> | undefined;
  /** Images of the list that are there still. */
  private there: number;
  /** What is selected of the images that are shown. */
  private chosen = new Uint32Array();
  private readonly selection: Selection;
  private readonly thumbnails: Thumbnails;
  private readonly toolbar: Toolbar;
  private readonly grid: Grid;
  private readonly counts = h('p', { class: 'counts quiet', role: 'status' });
  /** What can be done with images without a class: all that are shown, or those that are selected. */
  private readonly offer = h('div', { class: 'action-group' });
  private readonly actions = h('div', { class: 'selection-actions' });
  private readonly progress = h('p', { class: 'columns-progress', role: 'status' });
  private readonly problem = h('div', { class: 'messages' });
  /** In the place of the grid, and with its focus: what emptied it can be undone. */
  private readonly empty = h('div', {
    class: 'empty',
    tabindex: -1,
    keydown: (event: KeyboardEvent) => void this.grid.stepKey(event),
  });

  constructor(
    root: HTMLElement,
    private readonly state: ImageGridState,
    private readonly host: Host<FromImageGrid, Kept>,
  ) {
    const kept = host.kept()?.grid === state.id ? host.kept() : undefined;
    this.list = ImageList.of(state.list);
    this.task = state.task ?? undefined;
    this.query = kept?.query ?? { ...everything, ...state.query };
    this.facts = new ImageFacts(this.list, this.task, host.formats);
    this.queries = new Queries(this.list, this.task);
    this.there = state.images - goneIn(this.list);
    this.selection = new Selection(state.images);
    if (kept?.selected) this.selection.restore(kept.selected);
    this.thumbnails = new Thumbnails((rows) => host.post({ type: 'want', rows }));
    this.toolbar = new Toolbar(columnsOf(this.list, this.task), this.query, (query) => this.ask(query));
    this.grid = new Grid(this.facts, this.selection, this.thumbnails, {
      onSelect: () => this.showSelection(),
      onOpen: (row) => this.act('open', Uint32Array.of(row)),
      onMove: () => this.keepSoon(),
      onStep: (direction) => host.post({ type: 'step', direction }),
      onDelete: () => {
        if (state.canChange && this.chosen.length > 0) this.act('trash', this.chosen);
      },
    });
    root.append(
      h(
        'header',
        { class: 'grid-head' },
        h('h1', {}, state.heading),
        ...state.lead.map((line) => h('p', { class: 'quiet' }, line)),
        state.canChange ? textButton(l10n.t('Show Map'), () => host.post({ type: 'map' })) : null,
      ),
      this.toolbar.element,
      this.problem,
      this.progress,
      this.empty,
      this.grid.element,
      h('footer', { class: 'grid-foot' }, this.counts, this.offer, this.actions),
    );
    this.place = kept?.place;
    this.begin();
  }

  /** Whether only the beginning of the list is there. */
  private get isPartial(): boolean {
    return this.isWhole === false && this.list.length < this.state.images;
  }

  private begin(): void {
    // Of a beginning nothing can be found or sorted: its images are shown only where they are the first anyway.
    if (this.isPartial) {
      const isAsListed = !isFiltered(this.query) && !this.query.sort && !this.place;
      if (isAsListed) this.apply();
      else this.counts.textContent = l10n.t('{0} images', this.host.formats.integer(this.state.images));
      return;
    }
    this.apply();
    if (this.place) this.grid.restore(this.place);
    this.place = undefined;
    this.ask(this.query);
  }

  receive(message: Later): void {
    switch (message.type) {
      case 'list':
        if (this.order.length > 0) this.place ??= this.grid.place;
        this.setList(ImageList.of(message.list));
        this.begin();
        return;
      case 'refreshed':
        this.refresh(ImageList.of(message.list));
        return;
      case 'refreshFailed':
        this.problem.replaceChildren(errorBox(message.error, (toHost) => this.host.post(toHost)));
        return;
      case 'thumbnail': {
        const { row } = message;
        const thumbnail = 'src' in message ? { src: message.src } : { error: message.error };
        this.thumbnails.set(row, thumbnail);
        this.grid.showThumbnail(row, thumbnail);
        return;
      }
      case 'columnsProgress':
        if (message.of === this.waitsFor) this.showProgress(message.total > 0 ? message.done / message.total : 0);
        return;
      case 'columns':
        this.setList(this.list.with(...message.columns));
        if (message.of === this.waitsFor) this.waitsFor = undefined;
        this.ask(this.query);
        return;
      case 'columnsFailed':
        if (message.of !== this.waitsFor) return;
        this.stopWaiting();
        this.problem.replaceChildren(errorBox(message.error, (toHost) => this.host.post(toHost)));
    }
  }

  dispose(): void {
    clearTimeout(this.keeping);
    this.grid.dispose();
    this.thumbnails.dispose();
    this.toolbar.dispose();
  }

  /** Shows what the disk has by now, at the same place. */
  private refresh(list: ImageList): void {
    this.isWhole = true;
    this.setList(list);
    this.selection.grow(list.length);
    this.toolbar.setColumns(columnsOf(list, this.task));
    // Columns that were made for the earlier list are made again when they are needed.
    if (this.queries.lacks(this.shown).length > 0) return this.ask({ ...this.query });
    this.order = this.queries.rows(this.shown) as Uint32Array<ArrayBuffer>;
    // What went out of sight is not acted on any more.
    this.selection.keep(this.order);
    this.problem.replaceChildren();
    this.showGrid();
    this.grid.update(this.order, this.facts);
    this.showEmpty();
    this.showSelection();
  }

  private setList(list: ImageList): void {
    this.list = list;
    this.there = Math.max(list.length, this.isWhole ? 0 : this.state.images) - goneIn(list);
    this.facts = new ImageFacts(list, this.task, this.host.formats);
    this.queries = new Queries(list, this.task);
  }

  /** Shows what the query asks for, at once or when its columns are there. */
  private ask(query: ImageQuery): void {
    this.query = query;
    this.problem.replaceChildren();
    // It is shown when the whole list is there.
    if (this.isPartial) return;
    const [lacking] = this.queries.lacks(query).flatMap((column) => lateOf(column) ?? []);
    if (lacking !== this.waitsFor) {
      if (this.waitsFor) this.host.post({ type: 'dropColumns' });
      this.waitsFor = lacking;
      if (lacking) this.host.post({ type: 'columns', of: lacking });
    }
    this.showProgress(0);
    if (!lacking && query !== this.shown) this.apply();
    this.keepSoon();
  }

  private apply(): void {
    this.shown = this.query;
    this.order = this.queries.rows(this.query) as Uint32Array<ArrayBuffer>;
    this.grid.show(this.order, this.query.sort?.column, this.facts);
    this.showGrid();
    this.showEmpty();
    this.showSelection();
  }

  /** Back to what is shown. */
  private stopWaiting(): void {
    if (this.waitsFor) this.host.post({ type: 'dropColumns' });
    this.waitsFor = undefined;
    this.showProgress(0);
    this.query = this.shown;
    this.toolbar.set(this.shown, false);
    this.keepSoon();
  }

  private showProgress(share: number): void {
    const { waitsFor } = this;
    this.progress.hidden = waitsFor === undefined;
    if (!waitsFor) return this.progress.replaceChildren();
    const words =
      waitsFor === 'files'
        ? l10n.t('Looking up the size and date of each file: {0}', this.host.formats.wholePercent(share))
        : l10n.t('Sorting the file names…');
    this.progress.replaceChildren(
      words,
      ' ',
      textButton(l10n.t('Cancel'), () => this.stopWaiting()),
    );
  }

  private showGrid(): void {
    const isEmpty = this.order.length === 0;
    const { element } = this.grid;
    const [from, to] = isEmpty ? [element, this.empty] : [this.empty, element];
    const hasFocus = document.activeElement === from;
    element.hidden = isEmpty;
    this.empty.hidden = !isEmpty;
    if (hasFocus) to.focus();
  }

  private showEmpty(): void {
    if (this.order.length > 0) return this.empty.replaceChildren();
    const words = this.there === 0 ? l10n.t('There are no images here.') : l10n.t('No image is like that.');
    this.empty.replaceChildren(
      icon('image'),
      h('p', {}, words),
      ...(isFiltered(this.query)
        ? [
            textButton(l10n.t('Show all {0} images', this.host.formats.integer(this.there)), () =>
              this.toolbar.set({ ...everything, sort: this.query.sort }, true),
            ),
          ]
        : []),
    );
  }

  private showSelection(): void {
    const { formats } = this.host;
    this.chosen = this.selection.size > 0 ? this.selection.among(this.order) : new Uint32Array();
    const size = this.chosen.length;
    const hidden = this.selection.size - size;
    const all = this.there;
    const shown = this.isPartial ? all : this.order.length;
    const counted =
      shown < all
        ? l10n.t('{0} of {1} images', formats.integer(shown), formats.integer(all))
        : all === 1
          ? l10n.t('1 image')
          : l10n.t('{0} images', formats.integer(all));
    const parts = [counted];
    if (size > 0) parts.push(l10n.t('{0} selected', formats.integer(size)));
    if (hidden > 0) parts.push(l10n.t('{0} selected that the filter hides', formats.integer(hidden)));
    setText(this.counts, parts.join(' · '));
    this.actions.hidden = size === 0;
    if (size > 0 && !this.actions.childElementCount) this.actions.append(...this.actionButtons());
    this.showOffer();
    this.keepSoon();
  }

  private showOffer(): void {
    const { offers } = this.state;
    const offer = offers && offerOf(offers, this.list, this.task, this.order, this.chosen);
    this.offer.hidden = !offer;
    if (!offer) return this.offer.replaceChildren();
    const number = this.host.formats.integer(offer.rows.length);
    const [button] = this.offer.children;
    const words = offers === 'accept' ? acceptWords(offer.rows.length, number) : l10n.t('Name Group ({0})…', number);
    // The button that is clicked stays the same, and keeps the focus.
    if (button) button.textContent = words;
    else this.offer.append(textButton(words, () => this.takeOffer()));
  }

  private takeOffer(): void {
    const { offers } = this.state;
    const offer = offers && offerOf(offers, this.list, this.task, this.order, this.chosen);
    if (offer) this.act(offer.action, offer.rows);
  }

  private actionButtons(): HTMLElement[] {
    const action = (name: ImageAction, label: string) => textButton(label, () => this.act(name, this.chosen));
    const changes = [
      action('class', l10n.t('Move to Class…')),
      action('split', l10n.t('Move to Split…')),
      action('newClass', l10n.t('New Class…')),
      action('exclude', l10n.t('Exclude')),
      action('trash', l10n.t('Move to Trash')),
    ];
    const others = [
      action('open', l10n.t('Open')),
      action('reveal', l10n.t('Reveal')),
      action('copyPaths', l10n.t('Copy Paths')),
    ];
    const clear = [textButton(l10n.t('Clear Selection'), () => this.grid.clearSelection())];
    const groups = this.state.canChange ? [changes, others, clear] : [others, clear];
    return groups.map((group) => h('div', { class: 'action-group', role: 'group' }, ...group));
  }

  private act(action: ImageAction, rows: Uint32Array): void {
    // An editor that opens takes the place of this view.
    this.keepNow();
    this.host.post({ type: 'act', action, rows });
    // The keys for undo are those of the images.
    this.grid.element.focus();
  }

  /** What comes back with a later view of this grid; the state of a million selected images takes a while to write. */
  private keepSoon(): void {
    this.keeping ??= setTimeout(() => this.keepNow(), 100);
  }

  private keepNow(): void {
    clearTimeout(this.keeping);
    this.keeping = undefined;
    const { query, grid, selection, state } = this;
    this.host.keep({ grid: state.id, query, place: this.place ?? grid.place, selected: selection.toText() });
  }
}
