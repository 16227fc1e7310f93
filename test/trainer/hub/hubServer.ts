/**
 * A local server that speaks the hub's protocol: revisions, paged listings, redirects of large files to another host,
 * gates and faults.
 */
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Asked {
  host: 'hub' | 'storage';
  path: string;
  range: string | undefined;
  authorization: string | undefined;
}

/** A fault in the response for a file; each applies to one request. */
export type Fault =
  /** Closes the connection after so many bytes. */
  | { cutAfter: number }
  /** Ends the response after so many bytes, as if it were complete. */
  | { endAfter: number }
  /** Sends so many bytes, then nothing. */
  | { hangAfter: number }
  | { status: number; headers?: Record<string, string>; body?: string }
  /** Behaves like a server without ranges. */
  | { noRange: true };

export interface HubRepository {
  kind?: 'model' | 'dataset';
  id: string;
  /** Commits by branch or tag. */
  refs: Record<string, string>;
  files: Record<string, Buffer>;
  /** Stored as large files (LFS); the others are small. */
  large?: (path: string) => boolean;
  /** Files require this token; the listing is public, as on the hub. */
  gatedFor?: string;
  /** Invisible without this token. */
  privateFor?: string;
  /** What the card of a model states; by default Apache-2.0. */
  card?: Record<string, unknown>;
}

const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');
export const gitHash = (bytes: Buffer) =>
  createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex');
export const commitOf = (name: string) => createHash('sha1').update(name).digest('hex');

function listen(server: Server): Promise<number> {
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port)));
}

export class HubServer {
  readonly asked: Asked[] = [];
  /** Faults by the end of the path, e.g. `model.safetensors` or `/tree/`. */
  readonly faults = new Map<string, Fault[]>();
  /** Records per page of a listing. */
  pageSize = 3;
  /** Changes the record of a file in the listing. */
  lie: (record: Record<string, unknown>) => Record<string, unknown> = (record) => record;
  readonly #repositories: HubRepository[] = [];
  readonly #hub = createServer((request, response) => this.#onHub(request, response));
  readonly #storage = createServer((request, response) => this.#onStorage(request, response));
  #storagePort = 0;
  endpoint = '';

  static async start(t: { after: (clean: () => void) => void }, ...repositories: HubRepository[]): Promise<HubServer> {
    const server = new HubServer();
    server.#repositories.push(...repositories);
    server.endpoint = `http://127.0.0.1:${await listen(server.#hub)}`;
    server.#storagePort = await listen(server.#storage);
    t.after(() => server.stop());
    return server;
  }

  stop(): void {
    for (const each of [this.#hub, this.#storage]) {
      each.closeAllConnections();
      each.close();
    }
  }

  /** The requests for files with this ending. */
  of(ending: string, host?: Asked['host']): Asked[] {
    return this.asked.filter((each) => each.path.endsWith(ending) && (!host || each.host === host));
  }

  #note(host: Asked['host'], { url, headers }: IncomingMessage): URL {
    const address = new URL(url!, this.endpoint);
    this.asked.push({
      host,
      path: decodeURIComponent(address.pathname),
      range: headers.range,
      authorization: headers.authorization,
    });
    return address;
  }

  /** The next fault for a path. */
  #fault(path: string): Fault | undefined {
    for (const [ending, faults] of this.faults) if (path.endsWith(ending)) return faults.shift();
    return undefined;
  }

  #onHub(request: IncomingMessage, response: ServerResponse): void {
    const address = this.#note('hub', request);
    const path = decodeURIComponent(address.pathname);
    const json = (value: unknown, headers: Record<string, string> = {}) =>
      response.writeHead(200, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(value));
    const refuse = (status: number, code: string, error = code) =>
      response
        .writeHead(status, { 'content-type': 'application/json', 'x-error-code': code })
        .end(JSON.stringify({ error }));
    const token = request.headers.authorization?.replace('Bearer ', '');

    const api = /^\/api\/(model|dataset)s\/([^/]+\/[^/]+)\/(revision|tree)\/([^?]+)$/.exec(path);
    const file = /^\/(datasets\/)?([^/]+\/[^/]+)\/resolve\/([^/]+)\/(.+)$/.exec(path);
    const [kind, id, revision] = api
      ? [api[1], api[2], api[4]]
      : [file?.[1] ? 'dataset' : 'model', file?.[2], file?.[3]];
    const apiFault = api && this.#fault(`/${api[3]}/`);
    if (apiFault && 'status' in apiFault)
      return void response.writeHead(apiFault.status, apiFault.headers).end(apiFault.body ?? '');
    if (token === 'hf_bad') return void refuse(401, '', 'Invalid credentials in Authorization header');
    const found = this.#repositories.find((each) => each.id === id && (each.kind ?? 'model') === kind);
    if (!found || (found.privateFor !== undefined && token !== found.privateFor))
      return void refuse(token ? 404 : 401, 'RepoNotFound');
    const commit = found.refs[revision!] ?? Object.values(found.refs).find((each) => each === revision);
    if (!commit) return void refuse(404, 'RevisionNotFound');
    const isLarge = (name: string) => found.large?.(name) ?? name.endsWith('.safetensors');

    if (api?.[3] === 'revision')
      return void json({
        _id: 'x',
        id,
        sha: commit,
        private: false,
        gated: false,
        downloads: 1,
        likes: 0,
        lastModified: '2026-01-01T00:00:00Z',
        cardData: found.card ?? { license: 'apache-2.0' },
      });
    if (api) {
      const all = Object.entries(found.files).map(([name, bytes]) => {
        const lfs = { oid: sha256(bytes), size: bytes.length, pointerSize: 130 };
        return this.lie({
          type: 'file',
          path: name,
          size: bytes.length,
          oid: gitHash(isLarge(name) ? Buffer.from(lfs.oid) : bytes),
          ...(isLarge(name) ? { lfs } : {}),
        });
      });
      const from = Number(address.searchParams.get('cursor') ?? 0);
      const next = `${this.endpoint}${address.pathname}?recursive=true&cursor=${from + this.pageSize}`;
      return void json(
        all.slice(from, from + this.pageSize),
        from + this.pageSize < all.length ? { link: `<${next}>; rel="next"` } : {},
      );
    }
    if (found.gatedFor !== undefined && token !== found.gatedFor) return void refuse(token ? 403 : 401, 'GatedRepo');
    const bytes = found.files[file![4]!];
    if (!bytes) return void refuse(404, 'EntryNotFound');
    if (!isLarge(file![4]!)) return this.#send(path, bytes, request, response);
    const storage = `http://127.0.0.1:${this.#storagePort}/${kind}/${id}/${file![4]!.split('/').map(encodeURIComponent).join('/')}`;
    response
      .writeHead(302, {
        location: storage,
        'x-linked-etag': `"${sha256(bytes)}"`,
        'x-linked-size': String(bytes.length),
      })
      .end();
  }

  #onStorage(request: IncomingMessage, response: ServerResponse): void {
    const path = decodeURIComponent(this.#note('storage', request).pathname);
    const [, kind, owner, name, ...file] = path.split('/');
    const found = this.#repositories.find((each) => each.id === `${owner}/${name}` && (each.kind ?? 'model') === kind);
    this.#send(path, found!.files[file.join('/')]!, request, response);
  }

  #send(path: string, whole: Buffer, { headers }: IncomingMessage, response: ServerResponse): void {
    const fault = this.#fault(path);
    if (fault && 'status' in fault) return void response.writeHead(fault.status, fault.headers).end(fault.body ?? '');
    const start = fault && 'noRange' in fault ? 0 : Number(/^bytes=(\d+)-/.exec(headers.range ?? '')?.[1] ?? 0);
    const bytes = whole.subarray(start);
    const isChunked = fault && 'endAfter' in fault;
    response.writeHead(start > 0 ? 206 : 200, {
      'content-type': 'application/octet-stream',
      ...(isChunked ? {} : { 'content-length': bytes.length }),
      ...(start > 0 ? { 'content-range': `bytes ${start}-${whole.length - 1}/${whole.length}` } : {}),
    });
    if (fault && 'cutAfter' in fault)
      response.write(bytes.subarray(0, fault.cutAfter), () => setTimeout(() => response.destroy(), 20));
    else if (fault && 'endAfter' in fault) response.end(bytes.subarray(0, fault.endAfter));
    else if (fault && 'hangAfter' in fault) response.write(bytes.subarray(0, fault.hangAfter));
    else response.end(bytes);
  }
}
