/** Entry of the trainer's child process: `train CONFIG` for a run that outlives its window, `serve` for classification, and the command line's own. */
import { runCommandLine } from './commandLine/run.js';
import { probeCommand } from './engine/devices.js';
import { probe } from './engine/probe.js';
import { infoOf } from './errors.js';
import { setLanguage } from './language.js';
import type { DeviceName, ServeAnswer, ServeRequest } from './protocol.js';
import { answerCommand, answersOf, type Question } from './run/answers.js';
import { serve } from './run/serve.js';

await setLanguage();
const [command, argument] = process.argv.slice(2);
if (command === probeCommand) {
  // What goes wrong here is the answer, and a crash is one too.
  const gigaflops = await probe(argument as DeviceName).catch((error: unknown) => (error instanceof Error ? error : new Error(String(error))));
  process.stdout.write(`${JSON.stringify(gigaflops instanceof Error ? { device: argument, reason: gigaflops.message } : { device: argument, gigaflops })}\n`);
} else if (command === answerCommand) {
  const answers = await answersOf(JSON.parse(argument!) as Question).catch((error: unknown) => ({ error: infoOf(error) }));
  process.stdout.write(`${JSON.stringify(answers)}\n`);
} else if (command === 'serve') {
  serve({
    send: (answer: ServeAnswer) => process.send?.(answer),
    onRequest: (listen) => process.on('message', (message) => listen(message as ServeRequest)),
  });
  // The window that forked this process is gone.
  process.on('disconnect', () => process.exit(0));
} else {
  process.exitCode = await runCommandLine(process.argv.slice(2));
}
