/** The tree keeps the rules of `tidy.ts`, and each of them can be broken. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { importsOf, violations } from './tidy.js';

const root = fileURLToPath(new URL('..', import.meta.url));

test('the source tree keeps the rules', () => {
  const paths = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' }).filter((path) =>
    /\.(ts|css)$/.test(path),
  );
  const files = new Map(
    paths.map((path) => [`src/${path.split(sep).join('/')}`, readFileSync(join(root, 'src', path), 'utf8')]),
  );
  assert.ok(files.has('src/trainer/protocol.ts') && files.size > 50);
  assert.deepEqual(violations(files), []);
});

test('every form of import is seen', () => {
  const text = `
    import a, { type A } from 'a'; import { type B } from 'b'; import type { C } from 'c'; import 'd'; import * as e from 'e';
    export { f } from 'f'; export type { G } from 'g'; export * from 'h';
    const i = await import('i'); const j = require('j'); let k: import('k').K;`;
  const seen = importsOf('x.ts', text).map(({ specifier, typeOnly }) => (typeOnly ? `type ${specifier}` : specifier));
  assert.deepEqual(seen, ['a', 'type b', 'type c', 'd', 'e', 'f', 'type g', 'h', 'i', 'j', 'type k']);
});

const opening = '/** What lives here. */\n';
const rows: [path: string, text: string, violation: RegExp | undefined][] = [
  [
    'src/extension/a.ts',
    `import type { A } from '../trainer/protocol.js'; import { b } from '../webview/protocol.js';\nimport * as vscode from 'vscode';`,
    undefined,
  ],
  [
    'src/extension/a.ts',
    `import { t } from '../trainer/errors/errors.js';`,
    /src\/trainer\/errors\/errors\.ts is not a door of trainer/,
  ],
  ['src/extension/a/b.ts', `import type { A } from '../../webview/dashboard/chart.js';`, /is not a door of webview/],
  [
    'src/webview/v/main.ts',
    `import type { A } from '../../trainer/protocol.js'; import './style.css'; import '../theme.css';`,
    undefined,
  ],
  ['src/webview/v/main.ts', `import { A } from '../../trainer/protocol.js';`, /for more than its types/],
  ['src/webview/v/main.ts', `import type { A } from '../../extension/a.js';`, /is not a door of extension/],
  ['src/webview/v/main.ts', `import { join } from 'node:path';`, /not there in a browser/],
  ['src/webview/v/main.ts', `import { join } from 'path';`, /not there in a browser/],
  ['src/webview/v/main.ts', `import { Button } from '@vscode/webview-ui-toolkit';`, /imported outside .*controls/],
  [
    'src/trainer/training/a.ts',
    `import { b } from '../engine/b.js'; import { c } from '../errors/errors.js'; import { d } from './d.js';`,
    undefined,
  ],
  ['src/trainer/training/a.ts', `import type { A } from '../../webview/protocol.js';`, /outside the trainer/],
  ['src/trainer/training/a.ts', `import { b } from '../../../scripts/b.mjs';`, /outside src/],
  ['src/trainer/ir/a.ts', `import type { B } from '../compile/b.js';`, /lies in compile, which is not below ir/],
  ['src/trainer/data/a.ts', `export * from '../training/b.js';`, /lies in training, which is not below data/],
  [
    'src/trainer/engine/a.ts',
    `const b = await import('../training/b.js');`,
    /lies in training, which is not below engine/,
  ],
  ['src/trainer/novel/a.ts', `import { b } from '../ir/b.js';`, /does not know/],
  ['src/trainer/training/a.ts', `import * as vscode from 'vscode';`, /vscode is imported outside/],
  [
    'src/trainer/engine/a.ts',
    `import type { Tensor } from 'onnxruntime-node';`,
    /onnxruntime-node is imported outside/,
  ],
  ['src/trainer/engine/ort/session.ts', `import * as ort from 'onnxruntime-node';`, undefined],
  ['src/trainer/engine/createEngine.ts', `import { A } from './ort/a.js';`, undefined],
  ['src/trainer/engine/ort/a.ts', `import { b } from '../../onnx/b.js'; import { c } from '../c.js';`, undefined],
  ['src/trainer/engine/a.ts', `import type { B } from '../onnx/b.js';`, /is a format of one engine/],
  ['src/trainer/engine/tfjs/a.ts', `import { b } from '../ort/b.js';`, /is inside an engine/],
  ['src/trainer/models/a.ts', `import { b } from '../engine/ort/b.js';`, /is inside an engine/],
  ['src/trainer/data/scan.ts', `import sharp from 'sharp';`, /sharp is imported outside/],
  [
    'src/trainer/training/a.ts',
    `const tf = await import('@tensorflow/tfjs-node-gpu');`,
    /@tensorflow\/tfjs-node-gpu is imported outside/,
  ],
  ['src/trainer/ir/a.ts', '\n'.repeat(600) + 'export {};', /602 lines; at most 500/],
  ['src/trainer/ir/rules.ts', '\n'.repeat(600) + 'export {};', undefined],
  ['src/trainer/ir/utils.ts', '', /says nothing/],
  [
    'src/trainer/inference/a.ts',
    `import { b } from '../training/b.js';`,
    /lies in training, which is not below inference/,
  ],
  ['src/trainer/models/a.ts', `import { b } from '../runs/b.js';`, /lies in runs, which is not below models/],
  ['src/trainer/errors/a.ts', `import { b } from '../core/b.js';`, /lies in core, which is not below errors/],
  ['src/trainer/loose.ts', '', /lies in no room of the trainer/],
  ['src/trainer/protocol.ts', '', undefined],
  ['src/shared/a.ts', `import { b } from './b.js';`, undefined],
  ['src/shared/a.ts', `import type { B } from '../trainer/protocol.js';`, /lies outside shared/],
  ['src/shared/a.ts', `import { join } from 'node:path';`, /shared imports nothing/],
  ['src/extension/a.ts', `import { b } from '../shared/b.js';`, undefined],
  ['src/webview/a.ts', `import { b } from '../shared/b.js';`, undefined],
  ['src/trainer/ir/a.ts', `import { b } from '../../shared/b.js';`, undefined],
  ['src/trainer/ir/a.ts', `const a = [${'1, '.repeat(40)}];`, /a\.ts:2: 133 columns; at most 120/],
  ['src/trainer/ir/a.ts', `/* ${'words '.repeat(20)}*/`, /a\.ts:2: 125 columns; at most 120/],
  ['src/trainer/ir/a.ts', `const a = [\n  '${'words '.repeat(20)}',\n];`, undefined],
  ['src/webview/a.css', `/* ${'words '.repeat(20)}*/`, /a\.css:2: 125 columns/],
  ['src/trainer/helpers/a.ts', '', /says nothing/],
];
for (const [index, [path, text, violation]] of rows.entries()) {
  test(`rule ${index + 1}: ${path} ${violation ? 'breaks' : 'keeps'} it`, () => {
    const found = violations(new Map([[path, opening + text]]));
    if (violation) assert.match(found.join('\n'), violation);
    assert.equal(found.length, violation ? 1 : 0, found.join('\n'));
  });
}

test('docs/architecture.md has one row for each room of the trainer', () => {
  const rooms = readdirSync(join(root, 'src/trainer'), { withFileTypes: true })
    .filter((file) => file.isDirectory())
    .map(({ name }) => name);
  const page = readFileSync(join(root, 'docs/architecture.md'), 'utf8');
  const rows = [...page.matchAll(/^\| `(\w+)\/` \|/gm)].map(([, name]) => name!);
  assert.deepEqual(rows.sort(), rooms.sort());
});

test('a file must begin with a sentence', () => {
  const faults = (text: string) => violations(new Map([['src/trainer/ir/a.ts', text]]));
  assert.match(faults('export const a = 1;\n/** Late. */').join(), /does not begin/);
  assert.match(faults('/** no sentence */').join(), /does not begin/);
  assert.deepEqual(faults('#!/usr/bin/env node\n/** Entry of the command. */\n'), []);
});

test('files may not import each other in a circle, nor take types so', () => {
  const tree = (...texts: [name: string, text: string][]) =>
    violations(new Map(texts.map(([name, text]) => [`src/trainer/ir/${name}.ts`, opening + text])));
  const circle = tree(
    ['a', `import { b } from './b.js';`],
    ['b', `import { c } from './c.js';`],
    ['c', `import type { A } from './a.js';`],
    ['d', `import { a } from './a.js';`],
  );
  assert.deepEqual(circle, [
    'a cycle of imports: src/trainer/ir/a.ts → src/trainer/ir/b.ts → src/trainer/ir/c.ts → src/trainer/ir/a.ts',
  ]);
  const diamond = tree(
    ['a', `import './b.js'; import './c.js';`],
    ['b', `import './d.js';`],
    ['c', `import './d.js';`],
    ['d', ''],
  );
  assert.deepEqual(diamond, []);
});
