/** The page that compares two runs: answers, classes, curves, settings, and what changed in the data. */
import { basename } from 'node:path';
import * as vscode from 'vscode';
import { changeKinds, changeWords, isChanged, type ChangeKind } from '../../shared/datasetChanges.js';
import { diffWords, type DiffFigures } from '../../shared/diffWords.js';
import type { CommandOutputs, ErrorInfo } from '../../trainer/protocol.js';
import type { Report, ReportAction, ReportBlock } from '../../webview/protocol.js';
import { formats } from '../formats.js';
import { count } from '../runs/count.js';
import type { ComparedCurves, Curve } from './curves.js';
import type { Setting } from './settings.js';

const { t } = vscode.l10n;

interface Named {
  name: string;
  folder: string;
}

/** What was found, or why nothing was. */
export type Known<T> = { found: T; error?: undefined } | { error: ErrorInfo; found?: undefined };

export interface RunsData {
  before: Named;
  now: Named;
  /** Where it is one folder or label file: its images can be changed. */
  dataset: string | undefined;
  diff: Known<Extract<CommandOutputs['diff'], { type: 'diff' }>>;
  changes: Known<CommandOutputs['changes']>;
  settings: Setting[];
  /** Whether the later run started from the best checkpoint of the earlier. */
  startsFromBest: boolean;
  curves: ComparedCurves;
  /** Files with lists of images: whose answer changed, and that changed themselves. */
  flips: string;
  changed: string;
}

export function runsReport(data: RunsData): Report {
  const { before, now, diff } = data;
  const figures = diff.found?.figures;
  const title = t('{0} and {1}', before.name, now.name);
  return {
    title,
    heading: figures
      ? t(
          '{0}: {1} → {2} right',
          now.name,
          formats().percent(figures.was.accuracy),
          formats().percent(figures.is.accuracy),
        )
      : title,
    lead: [
      ...(diff.found ? [intervalWords(data, diff.found.figures)] : problemWords(diff.error)),
      ...(diff.found ? diffWords(diff.found, { was: before.name, is: now.name }, t) : []),
    ],
    links: diff.found?.changed ? flipLinks(data, diff.found) : [],
    blocks: [...classesBlock(data), ...curvesBlock(data), dataBlock(data), settingsBlock(data)],
  };
}

const problemWords = ({ message, remedy }: ErrorInfo): string[] => [`${message} ${remedy}`];

function intervalWords({ before, now }: RunsData, { was, is }: { was: DiffFigures; is: DiffFigures }): string {
  const range = ({ interval: [low, high] }: DiffFigures) =>
    t('{0} to {1}', formats().percent(low), formats().percent(high));
  return t('95 % intervals: {0}: {1}; {2}: {3}.', before.name, range(was), now.name, range(is));
}

/** Ways to the images whose answer changed. */
function flipLinks({ now }: RunsData, diff: NonNullable<RunsData['diff']['found']>): Report['links'] {
  const task = diff.tasks?.[0]?.task ?? null;
  const ways: [label: string, images: number, change?: string][] = [
    [t('{0} changed answers', count(diff.changed)), diff.changed],
    [t('{0} right now', count(diff.isRight)), diff.isRight, 'isRight'],
    [t('{0} were right before', count(diff.wasRight)), diff.wasRight, 'wasRight'],
    [t('{0} wrong both times', count(diff.neither)), diff.neither, 'neither'],
  ];
  return ways
    .filter(([, images]) => images > 0)
    .map(([label, , change]) => {
      const query = change === undefined ? {} : { words: { change: [change] } };
      return { label, action: { type: 'showList', list: 'flips', title: `${now.name}: ${label}`, task, query } };
    });
}

/** F1 of each class in both runs, with its interval. */
function classesBlock({ before, now, diff }: RunsData): ReportBlock[] {
  if (!diff.found) return [];
  const { was, is } = diff.found.figures;
  const earlier = new Map(was.perClass.map((each) => [each.label, each]));
  const task = diff.found.tasks?.[0]?.task ?? null;
  const cell = (figures: DiffFigures['perClass'][number] | undefined): [number, number, number] | null =>
    figures ? [figures.f1, ...(figures.intervals?.f1 ?? ([0, 1] as const))] : null;
  return [
    {
      kind: 'table',
      heading: t('Classes'),
      lead: t('F1 with its 95 % interval. A class opens its images whose answer changed.'),
      columns: [
        { title: t('Class'), kind: 'name' },
        { title: before.name, kind: 'range' },
        { title: now.name, kind: 'range' },
        { title: t('Change in points'), kind: 'change' },
        { title: t('Images'), kind: 'count' },
      ],
      rows: is.perClass.map((each) => {
        const old = earlier.get(each.label);
        const query = { words: { label: [each.label] } };
        return {
          cells: [each.label, cell(old), cell(each), old ? 100 * (each.f1 - old.f1) : null, each.support],
          action: { type: 'showList', list: 'flips', title: t('Changed answers: {0}', each.label), task, query },
        };
      }),
    },
  ];
}

/** Runs that take no steps have no course. */
function curvesBlock({ before, now, curves }: RunsData): ReportBlock[] {
  const chart = (title: string, of: Curve[], format: 'percent' | 'loss') => ({
    title,
    format,
    series: of.map(([epochs, values], i) => ({ label: [before, now][i]!.name, epochs, values })),
  });
  const charts = [
    chart(t('Accuracy on validation images'), curves.accuracy, 'percent'),
    chart(t('Loss on validation images'), curves.validationLoss, 'loss'),
    chart(t('Loss on training images'), curves.trainingLoss, 'loss'),
  ].filter(({ series }) => series.some(({ epochs }) => epochs.length > 1));
  if (!charts.length) return [];
  const lead = t('As each run measured it while it trained, by the labels of that time.');
  return [{ kind: 'curves', heading: t('Curves'), lead, charts }];
}

function dataBlock({ changes, before, now }: RunsData): ReportBlock {
  const heading = t('Data');
  const about = { kind: 'table', heading, columns: [], rows: [] } as const;
  if (!changes.found) return { ...about, columns: [], rows: [], lead: problemWords(changes.error).join(' ') };
  const { found } = changes;
  if (!isChanged(found)) return { ...about, columns: [], rows: [], lead: t('Both were trained on the same data.') };
  const titles: Record<ChangeKind, string> = {
    relabelled: t('Label changed'),
    added: t('Added'),
    removed: t('Removed'),
    resplit: t('In another split'),
    edited: t('Edited'),
  };
  return {
    kind: 'table',
    heading,
    lead: t('From “{0}” to “{1}”: {2}.', before.name, now.name, changeWords(found, t, count).join(', ')),
    columns: [
      { title: t('Change'), kind: 'name' },
      { title: t('Images'), kind: 'count' },
    ],
    rows: changeKinds
      .filter((kind) => found[kind] > 0)
      .map((kind) => ({
        cells: [titles[kind], found[kind]],
        action: {
          type: 'showList',
          list: 'changed',
          title: titles[kind],
          task: null,
          query: { words: { edit: [kind] } },
        } satisfies ReportAction,
      })),
  };
}

function settingsBlock({ settings, startsFromBest, before, now }: RunsData): ReportBlock {
  const start = startsFromBest
    ? [{ cells: [t('Starts from'), t('its model'), t('the best checkpoint of {0}', before.name)] }]
    : [];
  const rows = [
    ...start,
    ...settings.map(({ key, was, is }) => ({
      cells: key === 'dataset' ? [key, shortened(was), shortened(is)] : [key, was, is],
    })),
  ];
  if (!rows.length)
    return { kind: 'table', heading: t('Settings'), lead: t('All settings are the same.'), columns: [], rows: [] };
  return {
    kind: 'table',
    heading: t('Settings that differ'),
    columns: [
      { title: t('Setting'), kind: 'name' },
      { title: before.name, kind: 'quiet' },
      { title: now.name, kind: 'quiet' },
    ],
    rows,
  };
}

const shortened = (path: string | null): string | null => path && basename(path);
