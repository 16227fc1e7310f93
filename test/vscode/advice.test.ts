/** What a user learns before a run: an estimate that comes by itself, and advice that fills the form. */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { describe, test } from 'node:test';
import { useEditor } from './harness/startEditor.js';
import { makeWorkspace } from './workspace.js';

const known = /^About .+, first result after .+; memory \d.+, disk \d/;

describe('estimate and advice', () => {
  const workspace = makeWorkspace();
  const editor = useEditor(() => ({ workspace }));

  test('the estimate of the form comes by itself, and another is cancelled', async () => {
    await editor().openContainer('Explorer');
    await editor().chooseFromMenu(editor().row('emoji'), 'Add Dataset…');
    await editor().row('emoji').filter({ hasText: '3 classes' }).waitFor();
    const panel = await editor().webview('trainPanel');
    const line = panel.locator('.plan-line');
    await line.getByText(known).waitFor();
    const words = await line.textContent();
    await editor().screenshot('estimate');

    const epochs = panel.locator('vscode-text-field[data-field="epochs"] input');
    await epochs.fill('300');
    await line.getByText('Estimating time and memory…').waitFor();
    await line.getByText('Cancel', { exact: true }).click();
    await line.getByText('Estimate time and memory').waitFor();
    // What was estimated before is known still.
    await epochs.fill('');
    await line.getByText(known).waitFor();
    assert.equal(await line.textContent(), words);
    assert.deepEqual(
      readdirSync(workspace).filter((name) => name === 'vitune' || name === 'runs'),
      [],
      'no run folder',
    );
  });

  test('advice from the palette is shown with its reasons, and one button fills the form', async () => {
    await editor().command('ViTune: Advise on Model and Method');
    await editor().pick('emoji');
    const panel = await editor().webview('trainPanel');
    await panel.getByText(/^Advice: Head on embedded/).waitFor();
    await panel.getByText(/^Expected accuracy: \d/).waitFor();
    await panel.locator('.advice summary').click();
    await panel.getByText(/The model knows such images well/).waitFor();
    await panel.locator('.quadrant-point').waitFor();
    await editor().screenshot('advice');
    await panel.getByText('Use This Advice').click();
    await panel.locator('.advice').waitFor({ state: 'hidden' });
    await panel.getByText('Trains only the classifier').waitFor();
    assert.equal(await panel.locator('vscode-text-field[data-field="epochs"] input').inputValue(), '10');
  });
});
