/** The editor in another language and a light theme: all of ours is Turkish, the words of a run and its numbers too. */
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { useEditor } from './harness/startEditor.js';
import { makeWorkspace } from './workspace.js';

describe('in Turkish', () => {
  const workspace = makeWorkspace();
  const editor = useEditor(() => {
    // The run has something to say about it.
    writeFileSync(join(workspace, 'emoji', 'train', 'faces', 'damaged.png'), 'This is no image.');
    mkdirSync(join(workspace, '.vscode'));
    writeFileSync(join(workspace, '.vscode', 'settings.json'), JSON.stringify({ 'vitune.datasets': ['emoji'] }));
    return { workspace, locale: 'tr', theme: 'light' };
  });

  test('the side bar is in Turkish: the manifest, the extension and a view', async () => {
    await editor().openContainer('ViTune');
    for (const name of ['Eğitim', 'Veri Kümeleri', 'Eğitimler ve Kontrol Noktaları']) {
      await editor().page.locator('.pane-header').filter({ hasText: name }).first().waitFor();
    }
    const panel = await editor().webview('trainPanel');
    await panel.locator('html[lang="tr"]').waitFor();
    await panel.getByText('Eğitimi Başlat').first().waitFor();
    await editor().screenshot('turkish');
  });

  test('a run says everything in Turkish, and its numbers are written as in Turkish', async () => {
    const panel = await editor().webview('trainPanel');
    await panel.getByText('3 sınıf').first().waitFor();
    await panel.locator('vscode-text-field[data-field="epochs"] input').fill('2');
    await panel.getByText('Eğitimi Başlat', { exact: true }).locator('visible=true').first().click();
    const toast = editor().notification(/“emoji-lora” eğitildi: doğrulama görüntülerinde doğruluk %\d+,\d\./);
    await toast.first().waitFor();
    await editor().row('emoji-lora').filter({ hasText: 'tamamlandı' }).waitFor();
    const dashboard = await editor().webview('dashboard');
    await dashboard.locator('.status[data-status="finished"]').filter({ hasText: 'Tamamlandı' }).waitFor();
    await dashboard
      .getByText(/okunam/)
      .first()
      .waitFor();
    await dashboard.getByText(/\d\.\d{3} parametrenin \d+\.\d{3} tanesi eğitiliyor/).waitFor();
    await dashboard.getByText('Karışıklık matrisi').waitFor();
    const figures = await dashboard
      .locator('.head .figures div')
      .evaluateAll((pairs) =>
        pairs.map(
          (pair) => [pair.querySelector('dt')?.textContent, pair.querySelector('dd')?.textContent ?? ''] as const,
        ),
      );
    const shown = new Map(figures);
    assert.match(shown.get('Kayıp') ?? '', /^\d+,\d+$/);
    assert.match(shown.get('En iyi doğruluk') ?? '', /^%\d+,\d$/);
    await editor().screenshot('turkish run');
  });

  test('an evaluation of it is in Turkish', async () => {
    await editor().chooseFromMenu(editor().row('emoji-lora'), 'Bir Veri Kümesinde Değerlendir…');
    await editor().pick('emoji');
    const evaluation = await editor().report(/^emoji: %\d+,\d doğru$/);
    await evaluation.getByText(/eğitimin \d+ doğrulama görüntüsü/).waitFor();
    await editor().screenshot('turkish evaluation');
  });
});
