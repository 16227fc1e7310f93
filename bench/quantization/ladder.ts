/**
 * The precisions of an export, and beside them ONNX Runtime's quantiser for Python on the same export in fp32, with the
 * same calibration images and measured by the same code. Writes docs/quantization.md's table between its comments.
 *
 * `node --import tsx bench/quantization/ladder.ts RUN...`; PYTHON names an interpreter with onnx, onnx_ir and onnxruntime.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { precisionNames, precisions } from '../../src/shared/precisions.js';
import { openModel } from '../../src/trainer/models/openModel.js';
import { resolveCheckpoint } from '../../src/trainer/runs/runFolder.js';
import { openMeasuredImages } from '../../src/trainer/export/measuredImages.js';
import { narrowModel } from '../../src/trainer/export/narrowModel.js';
import { exportGraphs, writeOnnx } from '../../src/trainer/export/onnxExport.js';
import { OnnxRun } from '../../src/trainer/export/onnxRun.js';
import { measureFigures } from '../../src/trainer/export/precisionFigures.js';
import { machine, percent, table, writeSection } from '../page.mjs';

const python = process.env.PYTHON ?? 'python3';
const page = fileURLToPath(new URL('../../docs/quantization.md', import.meta.url));
const quantizer = fileURLToPath(new URL('quantize.py', import.meta.url));
/** As many calibration images as ours are. */
const calibrationImages = 128;

const rows: string[][] = [];
for (const run of process.argv.slice(2)) {
  const folder = mkdtempSync(join(tmpdir(), 'vitune-quantization-'));
  try {
    rows.push(...(await ladderOf(run, folder)));
    writePage();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function ladderOf(run: string, folder: string): Promise<string[][]> {
  const checkpoint = await resolveCheckpoint(run);
  const model = await openModel(checkpoint);
  const images = await openMeasuredImages(model, { checkpoint });
  const graphs = exportGraphs(model);
  const { transform } = model.preprocessor;
  const fileOf = (name: string): string => join(folder, name, 'model.onnx');
  const wider = new Map<string, string>();
  for (const precision of precisionNames) {
    mkdirSync(join(folder, precision));
    const narrowing =
      precision === 'fp32'
        ? undefined
        : await narrowModel(model, graphs, {
            precision,
            maxLoss: precisions[precision].maxLoss,
            images,
            onProgress: () => undefined,
          });
    await writeOnnx(join(folder, precision), model, { graphs, ...(narrowing && { narrowing }) });
    wider.set(precision, narrowing ? `${narrowing.wider.length} / ${narrowing.layers}` : '');
  }
  const size = transform.height * transform.width * 3;
  const pixels = Buffer.concat(images.chosen.map((batch) => batch.images.subarray(0, batch.count * size)));
  const peer = join(folder, 'peer');
  mkdirSync(peer);
  writeFileSync(join(peer, 'images'), pixels.subarray(0, calibrationImages * size));
  const made = spawnSync(python, [quantizer, fileOf('fp32'), join(peer, 'images'), peer], { encoding: 'utf8' });
  if (made.status !== 0) throw new Error(made.stderr);
  const all = [
    ...precisionNames.map((precision) => ({ by: 'ViTune', what: precision as string, file: fileOf(precision) })),
    ...['int8-dynamic', 'int8-percentile', 'int8-entropy', 'int4'].map((what) => ({
      by: 'ONNX Runtime',
      what,
      file: join(peer, `${what}.onnx`),
    })),
  ];
  const full = await OnnxRun.open(fileOf('fp32'), transform);
  const found: string[][] = [];
  for (const { by, what, file } of all) {
    const narrow = await OnnxRun.open(file, transform);
    const { figures } = await measureFigures(model, { narrow, full }, images, () => undefined);
    await narrow.dispose();
    const { accuracy, interval, ece, changed, fp32, millisecondsPerImage } = figures;
    found.push([
      basename(run),
      by,
      what,
      (statSync(file).size / statSync(fileOf('fp32')).size).toFixed(3),
      (fp32.millisecondsPerImage / millisecondsPerImage).toFixed(2),
      `${percent(accuracy)} (${interval.map((each) => (100 * each).toFixed(0)).join('–')})`,
      (100 * (accuracy - fp32.accuracy)).toFixed(1),
      percent(ece),
      `${changed} / ${figures.images}`,
      by === 'ViTune' ? wider.get(what)! : '',
    ]);
    console.error(found.at(-1)!.join(' | '));
  }
  await full.dispose();
  await images.close();
  return found;
}

function writePage(): void {
  writeSection(
    'quantization',
    [
      machine([]),
      '',
      table(
        [
          'run',
          'by',
          'stored in',
          '>of fp32’s size',
          '>speed of fp32 (×)',
          '>accuracy',
          '>change (points)',
          '>calibration error',
          '>changed images',
          '>layers kept wider',
        ],
        rows,
      ),
    ].join('\n'),
    page,
  );
}
