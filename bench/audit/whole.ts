/**
 * The time and memory of a whole audit whose features are cached: the command runs twice, and the second run counts.
 *
 * `node --import tsx bench/audit/whole.ts DATASET`
 */
import { spawnSync } from 'node:child_process';
import { buildCli } from '../bundle.mjs';

const cli = buildCli();
const watched = `process.on('exit', () => {
  const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage();
  const seconds = (userCPUTime + systemCPUTime) / 1e6;
  console.error(\`\${seconds.toFixed(1)} s of processor time, peak \${Math.round(maxRSS / 1024)} MB\`);
});`;
for (const run of ['first', 'second']) {
  const begun = performance.now();
  const { stdout, stderr } = spawnSync(
    process.execPath,
    ['--import', `data:text/javascript,${encodeURIComponent(watched)}`, cli, 'audit', process.argv[2]!, '--json'],
    { encoding: 'utf8', maxBuffer: 2 ** 30 },
  );
  console.log(`${run}: ${((performance.now() - begun) / 1000).toFixed(1)} s, ${stderr.trim().split('\n').at(-1)}`);
  console.log(stdout.trim().split('\n').at(-1));
}
