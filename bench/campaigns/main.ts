/** Campaigns that take too long for CI: `npm run campaign -- kills|writes|mutations [--count N] [--seed S] [--minutes M]`. */
import { parseArgs } from 'node:util';
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
const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { count: { type: 'string' }, seed: { type: 'string', default: '1' }, minutes: { type: 'string' } },
});
const campaign = campaigns[positionals[0] ?? ''];
if (!campaign) throw new Error(`Name a campaign: ${Object.keys(campaigns).join(', ')}.`);
await buildProgram();
const clean = await campaign.run({
  count: Number(values.count ?? campaign.count),
  seed: Number(values.seed),
  until: Date.now() + 60_000 * Number(values.minutes ?? Infinity),
});
if (!clean) process.exitCode = 1;
