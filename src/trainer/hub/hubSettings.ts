/** The addresses of hub and cache and the token, from the environment variables and files of Hugging Face's tools. */
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { HUB_URL } from '@huggingface/hub';

export interface HubSettings {
  /** Address of the hub, without a trailing slash. */
  endpoint: string;
  /** Folder of the cache. */
  cache: string;
  /** Sent only to the hub itself, never to a host that it redirects to. */
  token: string | undefined;
  /** Requests to the hub are forbidden. */
  isOffline: boolean;
}

const withHome = (path: string): string => path.replace(/^~(?=[\\/]|$)/, homedir());
const isTrue = (value: string | undefined): boolean => /^(1|on|yes|true)$/i.test(value ?? '');

/** `HF_HOME`, else `huggingface` in the system's folder for caches. */
const hubHome = (env: NodeJS.ProcessEnv): string =>
  withHome(env.HF_HOME || join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'huggingface'));

/** The folder of the cache, found in the same way as by huggingface_hub. */
export function hubCache(env: NodeJS.ProcessEnv = process.env): string {
  return withHome(env.HF_HUB_CACHE || env.HUGGINGFACE_HUB_CACHE || join(hubHome(env), 'hub'));
}

/** The token of the environment, else that of `hf auth login`. */
async function findToken(env: NodeJS.ProcessEnv): Promise<string | undefined> {
  const given = env.HF_TOKEN || env.HUGGING_FACE_HUB_TOKEN;
  if (given?.trim()) return given.trim();
  const file = withHome(env.HF_TOKEN_PATH || join(hubHome(env), 'token'));
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    // Most users have no token, and public models need none.
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return '';
    throw error;
  });
  return text.trim() || undefined;
}

export async function hubSettings(env: NodeJS.ProcessEnv = process.env): Promise<HubSettings> {
  return {
    endpoint: (env.HF_ENDPOINT || HUB_URL).replace(/\/+$/, ''),
    cache: hubCache(env),
    token: await findToken(env),
    isOffline: isTrue(env.HF_HUB_OFFLINE || env.TRANSFORMERS_OFFLINE),
  };
}
