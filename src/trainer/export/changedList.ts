/** The images whose prediction an export changed, as a list that the editor shows. */
import * as l10n from '@vscode/l10n';
import type { ImageList } from '../../shared/imageList.js';
import { ChoiceBuilder, ImageListBuilder } from '../../shared/imageListBuilder.js';
import type { ChangedImage } from './precisionFigures.js';

export function changedList(changed: readonly ChangedImage[]): ImageList {
  const images = new ImageListBuilder();
  const before = new ChoiceBuilder({ id: 'fp32', title: l10n.t('prediction in fp32') });
  const after = new ChoiceBuilder({ id: 'prediction' });
  for (const { path, was, is } of changed) {
    const row = images.add(path);
    before.set(row, was);
    after.set(row, is);
  }
  return images.list([before, after]);
}
