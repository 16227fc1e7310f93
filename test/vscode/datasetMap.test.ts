/** The map in a real editor: from the dataset's row to points, an image under the pointer, an outline, and the grid. */
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { useEditor } from './harness/startEditor.js';
import { makeWorkspace } from './workspace.js';

describe('the map of a dataset', () => {
  const workspace = makeWorkspace();
  const editor = useEditor(() => {
    mkdirSync(join(workspace, '.vscode'));
    writeFileSync(join(workspace, '.vscode', 'settings.json'), JSON.stringify({ 'vitune.datasets': ['emoji'] }));
    return { workspace, size: { width: 1280, height: 1000 } };
  });

  test('is made from the row, shows images, and opens what is outlined as a grid', async () => {
    await editor().openContainer('ViTune');
    const dataset = editor().row('emoji').filter({ hasText: '3 classes' });
    await editor().chooseFromMenu(dataset, 'Show Map');
    const map = await editor().webview('datasetMap');
    await map
      .locator('.counts')
      .filter({ hasText: /^\d+ images$/ })
      .waitFor();
    assert.equal(await map.locator('.legend-word').count(), 3);
    assert.equal(await map.locator('.message').count(), 0);

    // Along the middle lie points; one of them shows its image.
    const canvas = map.locator('canvas');
    const { width, height } = (await canvas.boundingBox())!;
    const hover = map.locator('.hover');
    for (let down = 0.2; down < 0.8 && (await hover.isHidden()); down += 0.05)
      for (let across = 0.1; across < 0.9 && (await hover.isHidden()); across += 0.02)
        await canvas.hover({ position: { x: across * width, y: down * height } });
    await map.locator('.hover img[src^="data:image"]').waitFor();
    assert.match((await map.locator('.hover .facts').textContent())!, /Class: \w+\nPredicted class: /);
    await editor().screenshot('map of a dataset');

    // Hide a class: the grid then has the others.
    await map.locator('.legend-word').first().click();
    const counts = map.locator('.counts').filter({ hasText: /^\d+ of \d+ images$/ });
    await counts.waitFor();
    const seen = /^\d+/.exec((await counts.textContent())!)![0];
    await map.getByRole('button', { name: 'Open in Grid' }).click();
    const grid = await editor().webview('imageGrid');
    await grid
      .locator('.counts')
      .filter({ hasText: `${seen} images` })
      .waitFor();
    await grid.locator('.tile:visible img[src^="data:image"]').first().waitFor();

    // The same map again comes from what is kept.
    await grid.getByRole('button', { name: 'Show Map' }).click();
    const again = await editor().webview('datasetMap');
    await again
      .locator('.counts')
      .filter({ hasText: /images$/ })
      .waitFor();
    await editor().screenshot('map again');
  });
});
