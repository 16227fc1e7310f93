/** The state of a map for the tests: classes as clouds around a circle. */
import { ImageList } from '../../src/shared/imageList.js';
import { findingKinds } from '../../src/shared/mapFindings.js';
import type { DatasetMapState } from '../../src/webview/protocol.js';
import { gridState } from './imageLists.js';

/** Image `i` is of class `i % 3`, whose cloud lies at a third of a circle; images of a cloud lie on a spiral. */
export function mapState(images = 60, given: Partial<DatasetMapState> = {}): DatasetMapState {
  const list = ImageList.of(gridState(images).list).without('mark', 'loss');
  const place = (row: number, of: (angle: number) => number): number => {
    const turn = (2 * Math.PI * (row % 3)) / 3;
    return 8 * of(turn) + 3 * Math.sqrt(row / images) * of(2.4 * row);
  };
  const column = (id: string, of: (angle: number) => number) => ({
    id,
    kind: 'number' as const,
    format: 'figure' as const,
    data: Float32Array.from({ length: images }, (_, row) => place(row, of)),
  });
  const finding = {
    id: 'finding',
    kind: 'choice' as const,
    values: [...findingKinds],
    data: Uint8Array.from({ length: images }, (_, row) => (row % 10 === 0 ? 1 + ((row / 10) % 3) : 0)),
  };
  return {
    id: '2f4bd2c3-0000-4000-8000-000000000000',
    heading: 'Map of animals',
    lead: ['Images that look alike lie near each other.'],
    list: list.with(finding, column('x', Math.cos), column('y', Math.sin)).toBytes().buffer,
    ...given,
  };
}
