/**
 * The config's choice of a method as the layers that carry it out see it: types, derived from the config's schema, and
 * nothing at run time.
 */
import type { Method } from './methods.js';

export type MethodConfig = Method;
export type LoraOptions = Omit<Extract<Method, { type: 'lora' }>, 'type'>;
export type QuantizationOptions = Pick<Extract<Method, { type: 'qlora' }>, 'quantization' | 'blockSize'>;
export type AdapterOptions = Omit<Extract<Method, { type: 'adapter' }>, 'type'>;
