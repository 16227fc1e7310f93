/** The socket of a running trainer: sends its events to every connected window, and accepts their requests. */
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { errors, reasonOf } from '../errors/errors.js';
import type { RecordedEvent, RunRequest } from '../protocol.js';
import { freshAddress } from './socketAddress.js';

/** A client that takes nothing is dropped at this many bytes; it can read the file of events instead. */
const maxBuffered = 16 * 2 ** 20;
/** No request is as long, in characters. */
const maxRequestLength = 4096;

function parseRequest(line: string): RunRequest | undefined {
  try {
    const request = JSON.parse(line) as RunRequest | null;
    return request?.type === 'stop' ? { type: 'stop' } : undefined;
  } catch {
    // The sender is not a ViTune window; the caller closes the connection.
    return undefined;
  }
}

export class ControlServer {
  readonly #clients = new Set<Socket>();

  private constructor(
    private readonly server: Server,
    /** Unix socket path or Windows pipe name. */
    readonly address: string,
  ) {}

  /** Listens on a fresh address; `onRequest` gets every valid request. */
  static async listen(onRequest: (request: RunRequest) => void): Promise<ControlServer> {
    const server = createServer();
    const address = await freshAddress().catch((error: unknown) => {
      throw errors.run.noSocket(tmpdir(), reasonOf(error));
    });
    const result = new ControlServer(server, address);
    server.on('connection', (client) => result.#welcome(client, onRequest));
    server.listen(address);
    await once(server, 'listening').catch((error: unknown) => {
      throw errors.run.noSocket(address, reasonOf(error));
    });
    return result;
  }

  #welcome(client: Socket, onRequest: (request: RunRequest) => void): void {
    this.#clients.add(client);
    client.on('close', () => this.#clients.delete(client));
    // A window that is killed resets its connection; 'close' follows, and the training continues.
    client.on('error', () => undefined);
    let rest = '';
    client.setEncoding('utf8').on('data', (chunk: string) => {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop()!;
      const requests = lines.map(parseRequest);
      for (const request of requests) if (request) onRequest(request);
      if (requests.includes(undefined) || rest.length > maxRequestLength) client.destroy();
    });
  }

  /** Sends one event to all who are connected. */
  broadcast(event: RecordedEvent): void {
    const line = `${JSON.stringify(event)}\n`;
    for (const client of this.#clients) {
      if (client.writableLength > maxBuffered) client.destroy();
      else client.write(line);
    }
  }

  /** Sends what is left to send, hangs up, and gives the address free. */
  async close(): Promise<void> {
    const closed = once(this.server, 'close');
    this.server.close();
    for (const client of this.#clients) client.destroySoon();
    await closed;
  }
}
