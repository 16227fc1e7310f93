/** A photo as phones take it: trained on, opened, shown though a browser cannot draw it, and classified. */
import assert from 'node:assert/strict';
import { cpSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { until } from './harness/editor.js';
import { useEditor } from './harness/startEditor.js';
import { makeWorkspace, trainIn } from './workspace.js';

const photos = fileURLToPath(new URL('../trainer/data/heic/', import.meta.url));

describe('HEIC', () => {
  const workspace = makeWorkspace();
  const photo = (name: string, to: string) => cpSync(join(photos, name), join(workspace, to));
  const editor = useEditor(() => {
    photo('grid rotated.heic', 'emoji/train/faces/phone.heic');
    photo('second of two.heic', 'emoji/validation/faces/phone.HEIF');
    photo('camera.heic', 'new images/phone.heic');
    trainIn(workspace, 'first');
    return { workspace, settings: { 'explorer.autoReveal': false } };
  });

  test('a training reads it', () => {
    const events = readFileSync(join(workspace, 'runs/first/events.jsonl'), 'utf8');
    assert.match(events, /"step":/);
    assert.doesNotMatch(events, /IMAGE_UNREADABLE/);
  });

  test('it opens in the image editor, drawn upright, with its predictions', async () => {
    await editor().openContainer('Explorer');
    await editor().row('new images').click();
    await editor().chooseFromMenu(editor().row('phone.heic'), 'Classify Image');
    await editor().notification('There is no checkpoint').getByText('Choose a Checkpoint').first().click();
    await editor().pick('Best of first');
    const image = await editor().webview('imageEditor');
    await image.locator('.verdict[data-verdict="predictions"] .prediction-label').first().waitFor();
    const drawn = await until('the image itself', () =>
      image
        .locator('img')
        .first()
        .evaluate(
          (img: HTMLImageElement) => img.complete && img.naturalWidth > 0 && [img.naturalWidth, img.naturalHeight],
        ),
    );
    assert.deepEqual(drawn, [71, 95]);
    await editor().screenshot('heic');
  });

  test('a folder with it is classified, with a small picture of it', async () => {
    await editor().chooseFromMenu(editor().row('new images'), 'Classify Images in Folder');
    const page = await editor().report('4 images classified');
    const row = page.locator('tbody tr').filter({ hasText: 'phone.heic' });
    await until('its picture', () =>
      row.locator('.thumbnail img').evaluate((img: HTMLImageElement) => img.complete && img.naturalWidth > 0),
    );
    await editor().screenshot('heic results');
  });
});
