/**
 * A process that keeps the trainer's contracts on disk and on the wire (run folder, lock, socket, IPC) and computes
 * nothing: the supervision of processes is tested against it, the trainer itself elsewhere.
 */
import { randomBytes } from 'node:crypto';
import { appendFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';

const [command, ...args] = process.argv.slice(2);
if (command === 'train') train(args);
if (command === 'serve') serve();
if (command === 'inspect') inspect(args);
if (command === 'doctor')
  console.log(JSON.stringify({ type: 'doctor', cache: process.env.HF_TOKEN, platform: process.argv.join(' ') }));

/**
 * The config is JSON: `run` is the folder; `steps` events are sent, one each `pause` ms, then `end`: finish, hang,
 * exit, crash or refuse.
 */
function train([config, ...rest]) {
  const plan = JSON.parse(readFileSync(config, 'utf8'));
  console.error('a library warns of something');
  if (plan.end === 'silent') process.exit(3);
  if (plan.end === 'cancelled') process.exit(130);
  for (const done of plan.downloads ?? [])
    console.log(JSON.stringify({ type: 'progress', phase: 'download', done, total: 100 }));
  if (plan.end === 'refuse') {
    console.log(
      JSON.stringify({
        type: 'error',
        code: 'DATASET_MISSING',
        message: 'There is no such folder.',
        remedy: 'Choose another.',
        file: config,
        line: 2,
        column: 3,
      }),
    );
    process.exit(2);
  }
  const resume = rest.includes('--resume');
  const { run } = plan;
  mkdirSync(join(run, 'checkpoints'), { recursive: true });
  const events = join(run, 'events.jsonl');
  let seq = existsSync(events) ? readFileSync(events, 'utf8').trimEnd().split('\n').length : 0;
  const clients = new Set();
  const say = (event) => {
    const line = `${JSON.stringify({ ...event, seq: seq++, time: Date.now() })}\n`;
    appendFileSync(events, line);
    for (const client of clients) client.write(line);
  };
  let stopped = false;
  const server = createServer((client) => {
    clients.add(client);
    client.on('close', () => clients.delete(client));
    client.on('error', () => undefined);
    client.on('data', (data) => (stopped ||= data.toString().includes('"stop"')));
  });
  const name = randomBytes(6).toString('hex');
  const folder = process.platform === 'win32' ? '' : mkdtempSync(join(tmpdir(), `vitune-${process.getuid()}-`));
  const socket = folder === '' ? `\\\\.\\pipe\\vitune-${name}` : join(folder, `${name}.sock`);
  server.listen(socket, () => {
    writeFileSync(join(run, 'run.json'), JSON.stringify({ name: 'photos', config, createdAt: 1 }));
    writeFileSync(
      join(run, 'lock.json'),
      JSON.stringify({ host: hostname(), pid: process.pid, socket, startedAt: Date.now() }),
    );
    const started = {
      type: 'started',
      run,
      name: 'photos',
      device: 'cpu',
      model: 'embedded',
      method: 'lora',
      labels: ['a', 'b'],
      images: { train: 8, validation: 2, test: 0 },
    };
    const sizes = {
      skipped: 0,
      epochs: 1,
      steps: plan.steps,
      trainableParameters: 10,
      totalParameters: 100,
      ...(resume ? { resumedFrom: plan.from ?? 0 } : {}),
    };
    say({ ...started, ...sizes });
    console.log(JSON.stringify({ ...started, ...sizes }));
    step(resume ? (plan.from ?? 0) : 0);
  });
  const leave = () => {
    rmSync(join(run, 'lock.json'));
    server.close();
    for (const client of clients) client.end();
  };
  const save = (at) => {
    mkdirSync(join(run, 'checkpoints', String(at)), { recursive: true });
    writeFileSync(join(run, 'last'), String(at));
    writeFileSync(join(run, 'best'), String(at));
    say({ type: 'checkpoint', step: at, path: join(run, 'checkpoints', String(at)), best: true });
  };
  const step = (n) => {
    if (stopped) {
      save(n);
      say({ type: 'stopped', run, step: n });
      return leave();
    }
    if (n < plan.steps) {
      say({
        type: 'step',
        step: n + 1,
        epoch: (n + 1) / plan.steps,
        loss: 1 / (n + 1),
        learningRate: 0.001,
        imagesPerSecond: 20,
        waiting: 0,
      });
      return setTimeout(step, plan.pause ?? 0, n + 1);
    }
    if (plan.end === 'crash') {
      appendFileSync(events, '{"type":"st');
      console.error('the last word before the end');
      process.kill(process.pid, 'SIGKILL');
    }
    if (plan.end === 'hang') return setTimeout(step, 20, n);
    say({
      type: 'evaluation',
      step: n,
      epoch: 1,
      split: 'validation',
      loss: 0.5,
      accuracy: 0.75,
      confusion: [
        [1, 0],
        [1, 2],
      ],
    });
    save(n);
    say({ type: 'finished', run, best: { step: n, accuracy: 0.75 }, seconds: 1, reason: 'epochs' });
    return leave();
  };
}

/** A path that holds "crash" ends the process, one that holds "slow" takes its time, "odd" has no answer of its own. */
function serve() {
  const cancelled = new Set();
  process.on('message', async (request) => {
    if (request.type === 'cancel') return cancelled.add(request.request);
    if (request.checkpoint === 'none')
      return process.send({
        id: request.id,
        type: 'error',
        code: 'CHECKPOINT_MISSING',
        message: 'No checkpoint.',
        remedy: 'Choose one.',
      });
    for (const path of request.paths) {
      if (path.includes('crash') || (path.includes('once') && !existsSync(path))) {
        if (path.includes('once')) writeFileSync(path, '');
        process.kill(process.pid, 'SIGKILL');
      }
      if (path.includes('slow')) await new Promise((resolve) => setTimeout(resolve, 50));
      if (cancelled.has(request.id)) break;
      const result = path.includes('odd')
        ? { path, error: { code: 'IMAGE_UNREADABLE', message: 'odd', remedy: 'none' } }
        : { path, predictions: [{ label: String(process.pid), probability: 1 }] };
      process.send({ id: request.id, type: 'classification', result });
    }
    process.send({ id: request.id, type: 'done' });
  });
}

function inspect([path]) {
  if (path.includes('missing')) {
    console.log(
      JSON.stringify({
        type: 'error',
        code: 'DATASET_MISSING',
        message: 'There is no such folder.',
        remedy: 'Choose another.',
      }),
    );
    process.exit(2);
  }
  if (path.includes('broken')) {
    console.error('it fell over');
    process.exit(1);
  }
  const say = () =>
    console.log(
      JSON.stringify({ type: 'dataset', root: path, labels: ['ş'], counts: [], splits: 'seeded', problems: [] }),
    );
  if (path.includes('slow')) setTimeout(say, 60_000);
  else say();
}
