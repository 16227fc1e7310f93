/** An exported ONNX model that runs in this process: logits of batches, and the time of an image. */
import type { ImageTransform } from '../data/transform.js';
import type { Executable } from '../engine/engine.js';
import { loadOnnxFile } from '../engine/loadOnnxFile.js';
import { hostTensor } from '../engine/tensor.js';

/** Runs whose times are not counted, and those that are. */
const warmUps = 3;
const timedRuns = 25;

export class OnnxRun {
  private constructor(
    private readonly session: Executable,
    private readonly size: Pick<ImageTransform, 'height' | 'width'>,
  ) {}

  /** Of the bytes or the path of a model. */
  static async open(model: Uint8Array | string, size: Pick<ImageTransform, 'height' | 'width'>): Promise<OnnxRun> {
    return new OnnxRun(await loadOnnxFile(model), size);
  }

  /** Logits [count, labels] of the first `count` of the images [≥ count, height, width, 3]. */
  async logits(images: Uint8Array, count: number): Promise<Float32Array> {
    const { height, width } = this.size;
    const fed = hostTensor('u8', [count, height, width, 3], images.subarray(0, count * height * width * 3));
    return (await this.session.run({ images: fed })).logits!.data as Float32Array;
  }

  dispose(): Promise<void> {
    return this.session.dispose();
  }
}

/** The median milliseconds of each for one image, run in turns so that another program slows all of them alike. */
export async function timeInTurns(runs: readonly OnnxRun[], image: Uint8Array): Promise<number[]> {
  const times = runs.map((): number[] => []);
  for (let turn = -warmUps; turn < timedRuns; turn++) {
    for (const [i, run] of runs.entries()) {
      const start = performance.now();
      await run.logits(image, 1);
      if (turn >= 0) times[i]!.push(performance.now() - start);
    }
  }
  return times.map((each) => each.sort((a, b) => a - b)[timedRuns >> 1]!);
}
