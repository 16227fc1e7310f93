/** What axe finds in a view of ours inside a real editor. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { AxeResults, RunOptions } from 'axe-core';
import type { Frame } from 'playwright-core';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** The violations in this frame, as it is drawn now. */
export async function violations(frame: Frame): Promise<string[]> {
  await frame.evaluate(axe);
  const found = await frame.evaluate(async () => {
    // A view in the side bar is transparent, and axe takes what it cannot see for white.
    if (document.body.dataset.view === 'trainPanel')
      document.documentElement.style.background = 'var(--vscode-sideBar-background)';
    await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
    return (window as unknown as { axe: { run(options: RunOptions): Promise<AxeResults> } }).axe.run({
      resultTypes: ['violations', 'passes'],
    });
  });
  assert.ok(
    found.passes.some(({ id, nodes }) => id === 'color-contrast' && nodes.length > 0),
    'axe saw no words in the view',
  );
  return found.violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary ?? ''}`),
  );
}
