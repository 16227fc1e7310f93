/** Which addresses in a `lock.json` are sockets of a trainer of this user: nothing else is connected to or removed. */

/** What is known of a path, as `lstat` finds it. */
export interface PathFacts {
  kind: 'socket' | 'folder' | 'other';
  /** The number of the owner. */
  owner: number;
  /** The bits of the permissions. */
  mode: number;
}

export interface SocketSurroundings {
  isWindows: boolean;
  /** The number of this process's user; undefined on Windows. */
  user: number | undefined;
  look: (path: string) => Promise<PathFacts | undefined>;
}

const pipeName = /^\\\\[.?]\\pipe\\vitune-[0-9a-f]{12}$/;
/** `/…/vitune-USER[-RANDOM]/RANDOM.sock`, without steps upwards. */
const socketPath = /^(\/(?:(?!\.\.?\/)[^/\0]+\/)*vitune-\d+(?:-[A-Za-z0-9]{6})?)\/[0-9a-f]{12}\.sock$/;

/** The folder that a socket of ours lies in; undefined where the address is not one of ours. */
export const socketFolderOf = (address: string): string | undefined => socketPath.exec(address)?.[1];

/** Whether a folder is this user's alone, so that only this user's programs can have put a socket there. */
export const isPrivate = (folder: PathFacts | undefined, user: number | undefined): boolean =>
  folder !== undefined && folder.kind === 'folder' && folder.owner === user && (folder.mode & 0o077) === 0;

/**
 * Whether a trainer may listen at an address: it has the name of our pipes, or is a socket of this user in a folder
 * that only this user may enter.
 */
export async function isOurSocket(address: string, { isWindows, user, look }: SocketSurroundings): Promise<boolean> {
  if (isWindows) return pipeName.test(address);
  const folder = socketFolderOf(address);
  if (folder === undefined || !isPrivate(await look(folder), user)) return false;
  const socket = await look(address);
  return socket?.kind === 'socket' && socket.owner === user;
}
