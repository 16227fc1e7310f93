/** What is wrong with a dataset, a kind of problem each; the files of many are folded away. */
import * as l10n from '@vscode/l10n';
import { textButton } from '../controls.js';
import { h, icon } from '../element.js';
import type { Host } from '../host.js';
import type { FromReport, KeptByReport, ReportBlock, ReportProblems } from '../protocol.js';

/** So many files are listed at once, and with each further wish. */
const atOnce = 100;

export function problemList(
  { heading, groups }: Extract<ReportBlock, { kind: 'problems' }>,
  host: Host<FromReport, KeptByReport>,
): HTMLElement {
  return h(
    'section',
    { class: 'card problems' },
    h('h2', {}, heading),
    ...groups.map((group) =>
      h(
        'div',
        { class: 'problem-group' },
        icon('warning'),
        h(
          'div',
          { class: 'problem-words' },
          h('p', {}, group.message),
          remedy(group),
          images(group, host),
          files(group, host),
        ),
      ),
    ),
  );
}

const remedy = (group: ReportProblems) => (group.remedy ? h('p', { class: 'quiet' }, group.remedy) : null);

function images({ action }: ReportProblems, host: Host<FromReport, KeptByReport>): HTMLElement | null {
  return action
    ? h(
        'p',
        {},
        textButton(l10n.t('Show images'), () => host.post({ type: 'act', action })),
      )
    : null;
}

function files({ files: all }: ReportProblems, host: Host<FromReport, KeptByReport>): HTMLElement | null {
  if (all.length === 0) return null;
  const list = h('ul', { class: 'problem-files' });
  const more = textButton('', () => showMore());
  const showMore = () => {
    const shown = list.childElementCount;
    list.append(...all.slice(shown, shown + atOnce).map((file) => fileItem(file, host)));
    const left = all.length - list.childElementCount;
    more.hidden = left === 0;
    more.textContent = l10n.t(
      'Show {0} more of {1}',
      host.formats.integer(Math.min(atOnce, left)),
      host.formats.integer(left),
    );
  };
  if (all.length === 1) {
    showMore();
    return list;
  }
  const fold = h(
    'details',
    {
      class: 'fold',
      toggle: () => {
        if (list.childElementCount === 0) showMore();
      },
    },
    h('summary', {}, icon('chevron'), l10n.t('{0} files', host.formats.integer(all.length))),
    list,
    more,
  );
  more.hidden = true;
  return fold;
}

function fileItem({ path, name, note }: ReportProblems['files'][number], host: Host<FromReport, KeptByReport>) {
  const link = textButton(name, () => host.post({ type: 'openPlace', file: path }));
  link.title = path;
  return h('li', {}, link, note ? h('span', { class: 'quiet' }, note) : null);
}
