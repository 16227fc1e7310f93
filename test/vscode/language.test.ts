/** The editor in another language and a light theme: all of ours is Turkish. */
import { describe, test } from 'node:test';
import { useEditor } from './harness/startEditor.js';
import { makeWorkspace } from './workspace.js';

describe('in Turkish', () => {
  const workspace = makeWorkspace();
  const editor = useEditor(() => ({ workspace, locale: 'tr', theme: 'light' }));

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
});
