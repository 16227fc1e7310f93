/** Settings under which a training that needs too much memory would fit. */
import { loadConfig, type LoadedConfig } from '../config/load.js';
import { UserError } from '../errors/errors.js';
import type { DeviceName } from '../protocol.js';
import { countLabels } from '../core/tasks.js';
import { type ResolvedConfig, smaller } from './batchChoice.js';
import { trainingBytes } from './chooseBatch.js';
import type { Inputs } from './openInputs.js';
import { optimizerOf, prepareNetwork } from './prepareNetwork.js';
import type { Prepared } from './prepare.js';

/** Methods that need less memory than others, the more able first. */
const lighter = ['lora', 'head'];

/** Settings that learn the same in less memory: `KEY=VALUE` each, several joined by a space. */
export function fittingSettings(
  config: ResolvedConfig,
  { model }: Prepared,
  device: DeviceName,
  free: number,
): string[] {
  const optimizer = optimizerOf(config);
  const needs = (choice: Parameters<typeof trainingBytes>[2] & { gradientCheckpointing: boolean }): number =>
    trainingBytes({ ...model, recomputes: choice.gradientCheckpointing }, optimizer, choice, device);
  const settings: string[] = [];
  if (!config.gradientCheckpointing && needs({ ...config, gradientCheckpointing: true }) <= free)
    settings.push('gradientCheckpointing=true');
  for (let next = smaller(config); next; next = smaller(next)) {
    if (needs(next) > free) continue;
    const parts = [
      `batchSize=${next.batchSize}`,
      ...(next.gradientAccumulationSteps > 1 ? [`gradientAccumulationSteps=${next.gradientAccumulationSteps}`] : []),
      ...(next.gradientCheckpointing && !config.gradientCheckpointing ? ['gradientCheckpointing=true'] : []),
    ];
    settings.push(parts.join(' '));
    break;
  }
  return settings;
}

/** The lighter methods that would fit, as settings, each with its defaults. */
export async function fittingMethods(
  loaded: LoadedConfig,
  config: ResolvedConfig,
  { base, dataset }: Inputs,
  prepared: Prepared,
  free: number,
): Promise<string[]> {
  const fitting: string[] = [];
  for (const type of lighter) {
    if (type === config.method.type) break;
    const setting = `method=${type}`;
    try {
      const other = await loadConfig(loaded.path, [...loaded.overrides, setting]);
      const { model } = prepareNetwork(other, base, countLabels(dataset.tasks));
      const spec = {
        ...prepared.model,
        method: model.method,
        cut: undefined,
        recomputes: config.gradientCheckpointing,
      };
      if (trainingBytes(spec, optimizerOf(other.config), config, prepared.engine.device) <= free) fitting.push(setting);
    } catch (error) {
      // A model that this method does not suit.
      if (!(error instanceof UserError)) throw error;
    }
  }
  return fitting;
}
