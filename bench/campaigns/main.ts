/** Campaigns that take too long for CI: `npm run campaign -- kills|writes|mutations [--count N] [--seed S] [--minutes M]`. */
import { readArguments, requireKnown } from '../arguments.mjs';
import { kills } from './kills.js';
import type { Limits } from './limits.js';
import { mutations } from './mutations.js';
import { buildProgram } from './program.js';
import { writes } from './writes.js';

const campaigns: Record<string, { run: (limits: Limits) => Promise<boolean>; count: number }> = {
  kills: { run: kills, count: 500 },
  writes: { run: writes, count: 60 },
  mutations: { run: mutations, count: 1_000_000 },
};
const { positionals, values } = readArguments(
  'npm run campaign --',
  { count: NaN, seed: 1, minutes: Infinity },
  Object.keys(campaigns).join('|'),
);
requireKnown(positionals, campaigns);
const campaign = campaigns[positionals[0]!]!;
await buildProgram();
const clean = await campaign.run({
  count: values.count || campaign.count,
  seed: values.seed,
  until: Date.now() + 60_000 * values.minutes,
});
if (!clean) process.exitCode = 1;
