/**
 * A fault point, loaded before the trainer: sessions of ONNX Runtime on WebGPU give numbers a tenth too large, as a
 * faulty driver would. With WRONG_DEVICE=ends they end the process. With SLOW_CPU the trial of the CPU takes seconds.
 */
import { createRequire } from 'node:module';
import { setTimeout } from 'node:timers/promises';

const { InferenceSession } = createRequire(import.meta.url)('onnxruntime-node');
const create = InferenceSession.create.bind(InferenceSession);
InferenceSession.create = async (model, options) => {
  const session = await create(model, options);
  const isWrong = options.executionProviders[0] === 'webgpu' && process.argv.includes('crossCheck');
  const isSlow = process.env.SLOW_CPU && process.argv.join(' ').endsWith('probe cpu');
  const run = session.run.bind(session);
  session.run = async (...args) => {
    if (isWrong && process.env.WRONG_DEVICE === 'ends') process.kill(process.pid, 'SIGKILL');
    if (isSlow) await setTimeout(20_000);
    const outputs = await run(...args);
    if (isWrong)
      for (const tensor of Object.values(outputs))
        if (tensor.location === 'cpu' && tensor.type === 'float32')
          for (let i = 0; i < tensor.data.length; i++) tensor.data[i] *= 1.1;
    return outputs;
  };
  return session;
};
