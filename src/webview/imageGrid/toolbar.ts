/** The controls above the grid: which images are shown, and in which order. */
import * as l10n from '@vscode/l10n';
import { dropdown, iconButton, textButton, textField, type ChoiceControl, type TextControl } from '../controls.js';
import { h, icon } from '../element.js';
import { goneColumn, type ImageColumn, type ImageList, type NumberColumn } from '../../shared/imageList.js';
import type { ImageQuery } from '../protocol.js';
import { everything } from './query.js';
import { numberTyped, textOf } from './range.js';
import { columnTitle, wordOf } from './words.js';

/** Columns with more words are not chosen from by a list. */
const mostWords = 2000;
/** Columns that are made when they are first asked for. */
const late = [
  { id: 'size', format: 'bytes' },
  { id: 'date', format: 'date' },
  { id: 'name', format: 'rank' },
] as const;
/** Milliseconds after a letter in which more may be typed. */
const whileTyping = 200;
/** CSS pixels of the view below which the filters are folded away at first. */
const narrow = 720;

type Figure = Pick<NumberColumn, 'format'> & { id: string; title?: string | undefined };

export class Toolbar {
  readonly element: HTMLElement;
  private readonly text: TextControl;
  private readonly words: { id: string; control: ChoiceControl; lists: string[][] }[];
  private readonly verdict: ChoiceControl | undefined;
  private readonly figure: ChoiceControl;
  private readonly from: TextControl;
  private readonly to: TextControl;
  private readonly sort: ChoiceControl;
  private readonly direction: HTMLButtonElement;
  private readonly clear: HTMLButtonElement;
  private readonly figures: Figure[];
  private typing: { done: () => void; timer: ReturnType<typeof setTimeout> } | undefined;

  constructor(
    private readonly columns: readonly ImageColumn[],
    private query: ImageQuery,
    private readonly onChange: (query: ImageQuery) => void,
  ) {
    const choices = columns.filter((column) => column.kind === 'choice');
    const numbers = columns.filter((column) => column.kind === 'number');
    this.figures = [...numbers, ...late].filter(
      ({ id, format }, i, all) => format !== 'rank' && all.findIndex((each) => each.id === id) === i,
    );
    this.text = textField({
      name: 'text',
      label: l10n.t('Name contains'),
      numeric: false,
      onInput: () => this.typed(() => this.change({ text: this.text.value.trim() })),
    });
    this.words = choices.flatMap((column) => this.wordsControl(column) ?? []);
    const ids = new Set(choices.map(({ id }) => id));
    this.verdict =
      ids.has('label') && ids.has('prediction')
        ? dropdown({
            name: 'verdict',
            label: l10n.t('Result'),
            onChange: (value) => this.change({ verdict: value as ImageQuery['verdict'] }),
          })
        : undefined;
    this.figure = dropdown({ name: 'figure', label: l10n.t('Figure'), onChange: () => this.figureChosen() });
    const end = (name: 'from' | 'to', label: string) =>
      textField({ name, label, numeric: true, onInput: () => this.typed(() => this.rangeTyped()) });
    this.from = end('from', l10n.t('From'));
    this.to = end('to', l10n.t('To'));
    this.sort = dropdown({ name: 'sort', label: l10n.t('Sort by'), onChange: (id) => this.sortBy(id) });
    this.direction = iconButton('up', '', () => this.turn());
    this.clear = textButton(l10n.t('Clear Filters'), () => this.set({ ...everything, sort: this.query.sort }, true));
    const filters = h(
      'div',
      { class: 'filters' },
      this.text.element,
      ...this.words.map(({ control }) => control.element),
      this.verdict?.element,
      h('div', { class: 'range' }, this.figure.element, this.from.element, this.to.element),
      h('div', { class: 'sorting' }, this.sort.element, this.direction),
      this.clear,
    );
    const fold = h('details', { class: 'fold' }, h('summary', {}, icon('chevron'), l10n.t('Filter and sort')), filters);
    fold.open = document.body.clientWidth >= narrow;
    this.element = fold;
    // What is done with the images next is done with those that the filter shows.
    fold.addEventListener('focusout', () => this.settle());
    this.showFigures();
    this.set(query, false);
  }

  /** Shows a query that was not made here. */
  set(query: ImageQuery, tell: boolean): void {
    this.query = query;
    if (this.text.value !== query.text) this.text.setValue(query.text);
    for (const { id, control, lists } of this.words) showWords(id, control, lists, query.words[id]);
    this.verdict?.setOptions(
      [
        { value: 'all', label: l10n.t('All') },
        { value: 'wrong', label: l10n.t('Mistakes') },
        { value: 'right', label: l10n.t('Correct') },
      ],
      query.verdict,
    );
    const [ranged] = Object.keys(query.ranges);
    if (ranged !== undefined) this.showFigures(ranged);
    this.showRange();
    this.showSort();
    this.clear.hidden = !isFiltered(query);
    if (tell) this.onChange(query);
  }

  dispose(): void {
    clearTimeout(this.typing?.timer);
  }

  private typed(done: () => void): void {
    clearTimeout(this.typing?.timer);
    this.typing = { done, timer: setTimeout(() => this.settle(), whileTyping) };
  }

  /** What was typed holds now. */
  private settle(): void {
    const { typing } = this;
    clearTimeout(typing?.timer);
    this.typing = undefined;
    typing?.done();
  }

  private change(change: Partial<ImageQuery>): void {
    this.query = { ...this.query, ...change };
    this.clear.hidden = !isFiltered(this.query);
    this.onChange(this.query);
  }

  private wordsControl(column: Extract<ImageColumn, { kind: 'choice' }>): Toolbar['words'][number] | undefined {
    const { id, values, parts } = column;
    const words = parts?.words ?? values;
    if (words.length > mostWords || id === 'group' || words.length < 2) return undefined;
    const lists = this.listsOf(column);
    const control = dropdown({
      name: `words-${id}`,
      label: columnTitle(column),
      onChange: (value) => {
        const { [id]: _, ...rest } = this.query.words;
        this.change({ words: value === '' ? rest : { ...rest, [id]: lists[Number(value)]! } });
      },
    });
    return { id, control, lists };
  }

  /** The choices of words; several words that the grid began with are one, and so is a word that is not there now. */
  private listsOf({ id, values, parts }: Extract<ImageColumn, { kind: 'choice' }>): string[][] {
    const words = parts?.words ?? values;
    const chosen = this.query.words[id];
    const isExtra = chosen && (chosen.length > 1 || !words.includes(chosen[0]!));
    return [...(isExtra ? [chosen] : []), ...words.map((word) => [word])];
  }

  /** The list has other words by now. */
  setColumns(columns: readonly ImageColumn[]): void {
    for (const { id, control, lists } of this.words) {
      const column = columns.find((each) => each.id === id);
      if (column?.kind !== 'choice') continue;
      lists.splice(0, lists.length, ...this.listsOf(column));
      showWords(id, control, lists, this.query.words[id]);
    }
  }

  private showFigures(chosen = this.figure.value): void {
    const options = this.figures.map(({ id, title, format }) => ({
      value: id,
      label: titleWithUnit({ id, title, format }),
    }));
    this.figure.setOptions(options, chosen || options[0]!.value);
  }

  private get figureShown(): Figure {
    return this.figures.find(({ id }) => id === this.figure.value) ?? this.figures[0]!;
  }

  private figureChosen(): void {
    this.from.setValue('');
    this.to.setValue('');
    this.rangeTyped();
  }

  private showRange(): void {
    const { id, format } = this.figureShown;
    const range = this.query.ranges[id];
    this.from.setValue(textOf(format, range?.from));
    this.to.setValue(textOf(format, range?.to));
    this.from.setProblem(null);
    this.to.setProblem(null);
  }

  private rangeTyped(): void {
    const { id, format } = this.figureShown;
    const [from, to] = [numberTyped(format, this.from.value, 'from'), numberTyped(format, this.to.value, 'to')];
    const problem = format === 'date' ? l10n.t('Write a date as 2026-01-31.') : l10n.t('Write a number.');
    this.from.setProblem(from === null ? problem : null);
    this.to.setProblem(to === null ? problem : null);
    if (from === null || to === null) return;
    const isEmpty = from === undefined && to === undefined;
    const range = { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) };
    this.change({ ranges: isEmpty ? {} : { [id]: range } });
  }

  private sortBy(id: string): void {
    // The surest, the worst, the largest and the newest are looked for first; words from A on.
    const column = this.figures.find((each) => each.id === id);
    this.change({ sort: id === '' ? null : { column: id, descending: column !== undefined } });
    this.showSort();
  }

  private turn(): void {
    const { sort } = this.query;
    if (!sort) return;
    this.change({ sort: { ...sort, descending: !sort.descending } });
    this.showSort();
  }

  private showSort(): void {
    const { sort } = this.query;
    const known: Pick<ImageColumn, 'id' | 'title'>[] = [...this.columns, ...late];
    const ids = [...new Set(known.map(({ id }) => id))].filter((id) => id !== 'mark');
    const options = ids.map((id) => ({ value: id, label: columnTitle(known.find((each) => each.id === id)!) }));
    this.sort.setOptions([{ value: '', label: l10n.t('Order of the list') }, ...options], sort?.column ?? '');
    this.direction.hidden = !sort;
    if (!sort) return;
    const label = sort.descending
      ? l10n.t('Descending; change to ascending')
      : l10n.t('Ascending; change to descending');
    this.direction.title = label;
    this.direction.setAttribute('aria-label', label);
    this.direction.replaceChildren(icon(sort.descending ? 'down' : 'up'));
  }
}

function showWords(id: string, control: ChoiceControl, lists: readonly string[][], chosen?: readonly string[]): void {
  const number = chosen ? lists.findIndex((list) => list.join('\n') === chosen.join('\n')) : -1;
  const options = lists.map((list, i) => ({
    value: String(i),
    label: list.map((word) => wordOf(id, word)).join(', '),
  }));
  control.setOptions([{ value: '', label: l10n.t('All') }, ...options], number < 0 ? '' : String(number));
}

/** With the unit in which the ends of a range are typed. */
function titleWithUnit(figure: Figure): string {
  const title = columnTitle(figure as ImageColumn);
  if (figure.format === 'percent') return `${title} (%)`;
  return figure.format === 'bytes' ? `${title} (kB)` : title;
}

export const isFiltered = ({ text, words, ranges, verdict }: ImageQuery): boolean =>
  text !== '' || Object.keys(words).length > 0 || Object.keys(ranges).length > 0 || verdict !== 'all';

/** The columns of a list that a task's grid shows. */
export const columnsOf = (list: ImageList, task: string | undefined): ImageColumn[] =>
  list.columns.filter((column) => column.id !== goneColumn && (column.task === undefined || column.task === task));
