/**
 * `fetch` for the hub: sends the token only to the hub, retries on a busy server and a bad connection, and turns every
 * refusal into plain words.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { UserError } from '../errors/errors.js';
import { errors, reasonOf, type Place } from '../errors/errors.js';
import type { HubSettings } from './hubSettings.js';
import { hubName, mainBranch, type Repository } from './repository.js';

/** The parameters of every step of a download. */
export interface HubRequest {
  repository: Repository;
  settings: HubSettings;
  signal: AbortSignal;
  /** The place in the config that names the repository. */
  place?: Place | undefined;
  patience?: Partial<Patience> | undefined;
  /** The error for a status that another server than the hub refuses with. */
  refusal?: ((status: number) => UserError) | undefined;
  /** Whether web pages are what is asked for, as from an index of packages. */
  acceptsPages?: boolean | undefined;
}

/** Timeouts and retries, in milliseconds. */
export interface Patience {
  /** Longest silence. */
  stall: number;
  /** Wait before the second attempt; doubled before each further one. */
  retry: number;
  /** Longest wait that a server may request. */
  retryAfter: number;
  /** Consecutive failures before giving up. */
  attempts: number;
}

const usual: Patience = { stall: 60_000, retry: 1000, retryAfter: 5 * 60_000, attempts: 5 };
export const patienceOf = ({ patience }: HubRequest): Patience => ({ ...usual, ...patience });

/** The reason of a failed connection: `fetch` itself only reports the failure. */
export function networkReason(error: unknown): string {
  const cause = (error as { cause?: { code?: string; message?: string } }).cause;
  return cause?.code ?? cause?.message ?? reasonOf(error);
}

/** The wait that a busy server requests, in milliseconds: seconds or a date (RFC 9110, 10.2.3). */
function retryAfter(response: Response): number | undefined {
  const text = response.headers.get('retry-after');
  if (text === null) return undefined;
  const wait = /^\d+$/.test(text.trim()) ? Number(text) * 1000 : Date.parse(text) - Date.now();
  return Number.isFinite(wait) ? Math.max(0, wait) : undefined;
}

/**
 * The meaning of a refusal by the hub. It also returns 401 for missing repositories, to hide which private ones exist.
 */
function refusal(response: Response, { repository, settings, place = {} }: HubRequest): UserError {
  const code = response.headers.get('x-error-code');
  const { id, kind } = repository;
  const { status } = response;
  if (code === 'RevisionNotFound') return errors.hub.revisionMissing(id, repository.revision ?? mainBranch, place);
  if (code === 'EntryNotFound')
    return errors.hub.fileMissing(hubName(repository), new URL(response.url).pathname, place);
  if (code === 'GatedRepo' || status === 403)
    return settings.token ? errors.hub.accessDenied(id, place) : errors.hub.tokenNeeded(id, place);
  if (status === 401 && settings.token && code !== 'RepoNotFound') return errors.hub.tokenRefused(place);
  if (status === 401 || status === 404) return errors.hub.repositoryMissing(id, kind, place);
  return errors.hub.refused(hubName(repository), `${status} ${response.statusText}`.trim(), place);
}

/**
 * A `fetch` that returns only successful responses. Throws a `UserError` for every other one, and `AbortError` when
 * cancelled.
 */
export function hubFetch(request: HubRequest): typeof fetch {
  const { settings, signal, place = {}, repository } = request;
  const { stall, retry, retryAfter: longest, attempts } = patienceOf(request);
  const hub = new URL(settings.endpoint);
  return async (input, init) => {
    if (settings.isOffline) throw errors.hub.offline(hubName(repository), place);
    const url = new URL(input instanceof Request ? input.url : input);
    const headers = new Headers(init?.headers);
    headers.set('user-agent', 'vitune');
    // `fetch` drops it when it is redirected to another origin, as the hub does for large files.
    if (settings.token && url.origin === hub.origin) headers.set('authorization', `Bearer ${settings.token}`);
    for (let attempt = 1; ; attempt++) {
      const silence = new AbortController();
      const timer = setTimeout(() => silence.abort(new Error(`${stall / 1000} s without an answer`)), stall);
      const response = await fetch(url, { ...init, headers, signal: AbortSignal.any([signal, silence.signal]) })
        .catch((error: unknown) => {
          signal.throwIfAborted();
          return error as Error;
        })
        .finally(() => clearTimeout(timer));
      if (response instanceof Response && response.ok) {
        // No requested file is a web page: this is the login page of a network, or a wrong address.
        if (request.acceptsPages || !response.headers.get('content-type')?.startsWith('text/html')) return response;
        await response.body?.cancel();
        throw errors.hub.notTheHub(url.host, place);
      }
      const isBusy = response instanceof Response && (response.status === 429 || response.status >= 500);
      if (response instanceof Response) await response.body?.cancel();
      if (response instanceof Response && !isBusy)
        throw request.refusal?.(response.status) ?? refusal(response, request);
      if (attempt === attempts) {
        throw response instanceof Response
          ? errors.hub.busy(url.host, response.status, place)
          : errors.hub.unreachable(url.host, networkReason(response), place);
      }
      const wait = (response instanceof Response ? retryAfter(response) : undefined) ?? retry * 2 ** (attempt - 1);
      if (wait > longest) throw errors.hub.busy(url.host, (response as Response).status, place);
      await pause(wait, undefined, { signal });
    }
  };
}
