/** `vitune cache`: what is kept to save work, where, and how much it takes; with `--clear` it is removed. */
import * as l10n from '@vscode/l10n';
import type { CommandOutputs } from '../protocol.js';
import { cacheFolder, cacheLimit, cacheUsage, clearCache, type CacheKind } from '../runs/cacheFolder.js';
import type { Arguments } from './commands.js';
import { table, type Output } from './output.js';

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;

const withLimit = (bytes: number, kind: CacheKind): string =>
  `${megabytes(bytes)} (${l10n.t('at most {0}', megabytes(cacheLimit(kind)))})`;

export async function cache({ clear }: Arguments<'cache'>, output: Output<CommandOutputs['cache']>): Promise<void> {
  const folder = cacheFolder();
  const before = await cacheUsage(folder);
  if (clear) await clearCache(folder);
  const after = clear ? await cacheUsage(folder) : before;
  const cleared = before.images + before.features - after.images - after.features;
  output.json({
    type: 'cache',
    folder,
    // Names that programs already read.
    pictures: after.images,
    features: after.features,
    pictureLimit: cacheLimit('images'),
    featureLimit: cacheLimit('features'),
    ...(clear ? { cleared } : {}),
  });
  output.line(folder);
  if (clear) return output.line(l10n.t('{0} removed', megabytes(cleared)));
  output.line(
    table([
      [l10n.t('decoded images'), withLimit(after.images, 'images')],
      [l10n.t('features'), withLimit(after.features, 'features')],
    ]),
  );
}
