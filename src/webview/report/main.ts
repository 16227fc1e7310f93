/** A report: the page of what a classification, an evaluation, an inspection or the doctor found. */
import { textButton } from '../controls.js';
import { h } from '../element.js';
import { type Host, openView } from '../host.js';
import type { FromReport, KeptByReport, ReportBlock, ReportState, ToReport } from '../protocol.js';
import { CurvesBlock } from './curvesBlock.js';
import { MatrixBlock } from './matrixBlock.js';
import { problemList } from './problemList.js';
import { ReportTable } from './reportTable.js';
import './style.css';

type Later = Exclude<ToReport, { type: 'init' }>;

openView<ReportState, Later, FromReport, KeptByReport>((root, state, host) => {
  view?.dispose();
  view = new ReportView(root, state, host);
  return (message) => view?.receive(message);
});

let view: ReportView | undefined;

class ReportView {
  private readonly tables: ReportTable[] = [];
  private readonly drawings: (MatrixBlock | CurvesBlock)[] = [];

  constructor(
    root: HTMLElement,
    private readonly state: ReportState,
    private readonly host: Host<FromReport, KeptByReport>,
  ) {
    const { id, report } = state;
    host.keep({ report: id });
    root.append(
      h(
        'header',
        { class: 'head' },
        h('h1', {}, report.heading),
        ...report.lead.map((line) => h('p', { class: 'quiet' }, line)),
        report.links.length > 0 &&
          h(
            'p',
            { class: 'links' },
            ...report.links.map(({ label, action }) => textButton(label, () => host.post({ type: 'act', action }))),
          ),
      ),
      ...report.blocks.map((block) => this.block(block)),
    );
  }

  receive({ path, src }: Later): void {
    for (const table of this.tables) table.showPreview(path, src);
  }

  dispose(): void {
    for (const drawing of this.drawings) drawing.dispose();
  }

  private block(block: ReportBlock): HTMLElement {
    const { host, state } = this;
    switch (block.kind) {
      case 'table': {
        const table = new ReportTable(block, state.report.heading, state.images, host);
        this.tables.push(table);
        return table.element;
      }
      case 'matrix': {
        const matrix = new MatrixBlock(block, host);
        this.drawings.push(matrix);
        return matrix.element;
      }
      case 'curves': {
        const curves = new CurvesBlock(block, host);
        this.drawings.push(curves);
        return curves.element;
      }
      case 'problems':
        return problemList(block, host);
    }
  }
}
