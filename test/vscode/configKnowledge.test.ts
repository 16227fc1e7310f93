/** What the editor knows of a config: its datasets, its model, its steps, its faults and its runs. */
import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { Locator } from 'playwright-core';
import { root } from '../../scripts/ensure-installed.mjs';
import { until, type Editor } from './harness/editor.js';
import { useEditor } from './harness/startEditor.js';
import { makeWorkspace, trainIn } from './workspace.js';

/** Beside the emoji: a second model, a label file, a finished run with a whole checkpoint, and one that broke off. */
function prepared(): string {
  const workspace = makeWorkspace();
  cpSync(join(root, 'test', 'golden', 'models', 'dinov3'), join(workspace, 'models', 'dinov3'), { recursive: true });
  const labelled = join(workspace, 'labelled');
  cpSync(join(workspace, 'emoji', 'validation'), labelled, { recursive: true });
  const rows = readdirSync(labelled).flatMap((label) =>
    readdirSync(join(labelled, label)).map((name, i) => `${label}/${name},${label},${i % 2 ? 'odd' : 'even'}`),
  );
  writeFileSync(join(labelled, 'labels.csv'), ['image,kind,parity', ...rows].join('\n'));
  trainIn(workspace, 'earlier', { model: 'models/dinov3', epochs: 1 });
  const about = { name: 'broken', config: join(workspace, 'earlier.vitune.json'), createdAt: 1 };
  mkdirSync(join(workspace, 'runs', 'broken'));
  writeFileSync(join(workspace, 'runs', 'broken', 'run.json'), JSON.stringify(about));
  writeFileSync(
    join(workspace, 'half.vitune.jsonc'),
    [
      '{',
      '  // half typed',
      '  "dataset": "",',
      '  "model": "",',
      '  "method": { "type": "lora", "targetModules": [""] },',
      '}',
      '',
    ].join('\n'),
  );
  writeFileSync(
    join(workspace, 'table.vitune.jsonc'),
    '{\n  "dataset": { "folder": "labelled", "columns": [""] },\n}\n',
  );
  writeFileSync(
    join(workspace, 'full.vitune.jsonc'),
    [
      '{',
      '  "dataset": "emoji", // of three kinds',
      '  "model": "embedded",',
      '  "method": "full",',
      '  "epochs": 4,',
      '  "batchSize": 8,',
      '  "learningRate": 1e-4',
      '}',
      '',
    ].join('\n'),
  );
  writeFileSync(
    join(workspace, 'faulty.vitune.jsonc'),
    [
      '{',
      '  // of all kinds',
      '  "dataset": "emojis",',
      '  "epoch": 3,',
      '  "batchSize": 2048,',
      '  "classWeights": { "fod": 2 },',
      '  "method": { "type": "lora", "targetModules": ["qury"] }',
      '}',
      '',
    ].join('\n'),
  );
  return workspace;
}

const trainImages = (workspace: string): number => {
  const train = join(workspace, 'emoji', 'train');
  return readdirSync(train).reduce((sum, label) => sum + readdirSync(join(train, label)).length, 0);
};

/** Puts the cursor before a column of a line, both counted from 1. */
async function goTo(editor: Editor, line: number, column: number): Promise<void> {
  const { page } = editor;
  await page.locator('.editor-instance .view-lines').first().click();
  await page.keyboard.press('Control+G');
  const input = page.locator('.quick-input-widget input').first();
  await input.fill(`:${line}:${column}`);
  await page.keyboard.press('Enter');
  await input.waitFor({ state: 'hidden' });
}

/** Asks again until the thing is there: the extension may not have been ready when it was asked first. */
const insist = (what: string, ask: () => Promise<void>, sign: Locator): Promise<true> =>
  until(what, async () => {
    await ask();
    return sign.waitFor({ timeout: 8000 }).then(
      () => true as const,
      () => false as const,
    );
  });

describe('what is known of a config', () => {
  const workspace = prepared();
  const editor = useEditor(() => ({ workspace }));
  const page = () => editor().page;
  const offered = (label: string) =>
    page().locator('.suggest-widget.visible .monaco-list-row').filter({ hasText: label }).first();
  const lines = () => page().locator('.editor-instance .view-lines').first();
  const lens = (title: string) => page().locator('.codelens-decoration a').filter({ hasText: title }).first();
  const hints = () => page().locator('.editor-instance .view-lines').first();

  /** Completes there, takes what is named, and saves. */
  async function complete(line: number, column: number, label: string, also: string[] = [], name?: string) {
    await goTo(editor(), line, column);
    const ask = async () => {
      await page().keyboard.press('Escape');
      await page().keyboard.press('Control+Space');
    };
    await insist(`the offer of ${label}`, ask, offered(label));
    for (const other of also) await offered(other).waitFor();
    if (name !== undefined) await editor().screenshot(name);
    await offered(label).click();
    await page().keyboard.press('Escape');
    await page().keyboard.press('Control+S');
  }

  const saved = (file: string, words: RegExp) =>
    until(`${file} to be saved`, () => words.test(readFileSync(join(workspace, file), 'utf8')));

  /** The hover of what is at a place, once it has these words. */
  async function hover(line: number, column: number, words: string | RegExp): Promise<Locator> {
    const shown = page().locator('.monaco-hover:visible').filter({ hasText: words }).first();
    const ask = async () => {
      await page().keyboard.press('Escape');
      await goTo(editor(), line, column);
      await editor().command('Show or Focus Hover');
    };
    await insist(`the hover ${String(words)}`, ask, shown);
    return shown;
  }

  test('completion: datasets, models and checkpoints, the layers of this model, the columns of a label file', async () => {
    await editor().openFile('half.vitune.jsonc');
    await complete(3, 15, 'emoji', ['labelled'], 'completion of a dataset');
    await complete(4, 13, './models/dinov3', ['embedded', './runs/earlier/checkpoints/'], 'completion of a model');
    await complete(5, 50, 'o_proj', ['query'], 'completion of a layer');
    await saved('half.vitune.jsonc', /"dataset": "emoji",\n {2}"model": "\.\/models\/dinov3",\n.*\["o_proj"\]/);
    await editor().openFile('table.vitune.jsonc');
    await complete(2, 52, 'parity', ['kind'], 'completion of a column');
    await saved('table.vitune.jsonc', /"columns": \["parity"\]/);
  });

  test('hover: the default rate for the width of this model, and what the model is', async () => {
    await editor().openFile('full.vitune.jsonc');
    const embedded = await hover(7, 6, 'Default in this config:');
    assert.match(
      (await embedded.textContent()) ?? '',
      /0\.00015 — The rate of full is 0\.00005 × 768 \/ width; this model has the width 256/,
    );
    await editor().screenshot('hover of a rate');
    await hover(3, 6, 'vit: 6 blocks of width 256');
    await editor().openFile('half.vitune.jsonc');
    await hover(4, 6, 'dinov3_vit: 2 blocks of width 32');
    await hover(5, 35, /Layers of this model: query.*o_proj/);
  });

  test('inlay hints: images and steps at once, time and memory after an estimate', async () => {
    await editor().openFile('full.vitune.jsonc');
    const images = trainImages(workspace);
    await hints().getByText(`${images} + `).waitFor();
    await hints()
      .getByText(`${4 * Math.ceil(images / 8)} steps`)
      .waitFor();
    assert.equal(await hints().getByText('of memory').count(), 0, 'nothing is measured by opening a file');
    await insist(
      'the estimate',
      () => lens('Estimate').click(),
      editor()
        .notification(/About .* memory/)
        .first(),
    );
    await hints().getByText('MB of memory').waitFor();
    await hints()
      .getByText(/steps\s·.*(sec|min)/)
      .waitFor();
    await editor().screenshot('hints of a config');
    await editor().dismissNotifications();
  });

  test('quick fixes: a folder, a key, the batch, a label, a layer', async () => {
    await editor().openFile('faulty.vitune.jsonc');
    const fixes: [line: number, column: number, title: string, result: string][] = [
      [3, 16, 'Use "emoji"', '"dataset": "emoji"'],
      [4, 6, 'Rename to “epochs”', '"epochs": 3'],
      [5, 17, `Use ${2 ** Math.floor(Math.log2(trainImages(workspace) / 4))}`, '"batchSize": '],
      [6, 24, 'Rename to “food”', '"classWeights": { "food": 2 }'],
      [7, 52, 'Use "query"', '"targetModules": ["query"]'],
    ];
    for (const [line, column, title, result] of fixes) {
      const action = page().locator('.action-widget .monaco-list-row').filter({ hasText: title }).first();
      const ask = async () => {
        await page().keyboard.press('Escape');
        await goTo(editor(), line, column);
        await page().keyboard.press('Control+.');
      };
      await insist(`the fix ${title}`, ask, action);
      await editor().screenshot(`fix ${line}`);
      await action.click();
      await lines().getByText(result.replaceAll(' ', '\u00a0')).or(lines().getByText(result)).first().waitFor();
    }
    await page().keyboard.press('Control+S');
    await saved('faulty.vitune.jsonc', /"query"/);
    const { epochs, dataset, classWeights, method } = JSON.parse(
      readFileSync(join(workspace, 'faulty.vitune.jsonc'), 'utf8').replace(/\/\/.*/, ''),
    ) as Record<string, unknown>;
    assert.deepEqual(
      { epochs, dataset, classWeights, method },
      { epochs: 3, dataset: 'emoji', classWeights: { food: 2 }, method: { type: 'lora', targetModules: ['query'] } },
    );
  });

  test('lenses: advice that is used and stays in the hover, the run of a config, and one that is resumed', async () => {
    await editor().openFile('full.vitune.jsonc');
    const advice = editor().notification('Advice:').first();
    await insist('the advice', () => lens('Advise').click(), advice);
    assert.equal(await advice.count(), 1);
    await editor().screenshot('advice for a config');
    await advice.getByText('Use It').click();
    await lines().getByText('"head"').or(lines().getByText('"lora"')).or(lines().getByText('"full"')).first().waitFor();
    await hover(4, 6, 'Advice:');
    await editor().screenshot('hover with advice');
    await page().keyboard.press('Escape');
    await editor().command('File: Save');
    await editor().dismissNotifications();
    await editor().openFile('earlier.vitune.json');
    await lens('Resume').waitFor();
    await editor().screenshot('lenses of a config');
    await insist('the dashboard', () => lens('Open run').click(), editor().tab('earlier'));
    await editor().openFile('earlier.vitune.json');
    const events = join(workspace, 'runs', 'broken', 'events.jsonl');
    await until('the resumed run to finish', async () => {
      if (existsSync(events) && readFileSync(events, 'utf8').includes('"finished"')) return true;
      // The line is redrawn when the run begins, and a click at that moment is lost.
      await lens('Resume')
        .click({ timeout: 3000 })
        .catch(() => undefined);
      return false;
    });
    await lens('Resume').waitFor({ state: 'detached' });
  });
});

describe('what is known of a config, in Turkish', () => {
  const workspace = prepared();
  const editor = useEditor(() => ({ workspace, locale: 'tr', theme: 'light' }));

  test('lenses, hints, hovers and fixes are in Turkish', async () => {
    const { page } = editor();
    await editor().openFile('full.vitune.jsonc');
    for (const title of ['Bu yapılandırmayla eğit', 'Öneri al', 'Tahmin et'])
      await page.locator('.codelens-decoration a').filter({ hasText: title }).first().waitFor();
    await page
      .locator('.editor-instance .view-lines')
      .first()
      .getByText(/\d+\sadım/)
      .waitFor();
    const shown = page.locator('.monaco-hover:visible').filter({ hasText: 'Bu yapılandırmadaki varsayılan' }).first();
    const ask = async () => {
      await page.keyboard.press('Escape');
      await goTo(editor(), 7, 6);
      await editor().command('Show or Focus Hover');
    };
    await insist('the hover', ask, shown);
    await editor().screenshot('config in Turkish');
    await page.keyboard.press('Escape');
    await editor().openFile('faulty.vitune.jsonc');
    const action = page.locator('.action-widget .monaco-list-row').filter({ hasText: '“epochs” olarak adlandır' });
    const fix = async () => {
      await page.keyboard.press('Escape');
      await goTo(editor(), 4, 6);
      await page.keyboard.press('Control+.');
    };
    await insist('the fix', fix, action.first());
    await editor().screenshot('fix in Turkish');
  });
});
