/** How a process of the trainer is started: which executable, which script, which environment. */
import { join } from 'node:path';

/** The trainer's own entry, or the command line's. */
export type Script = 'main' | 'cli';

export interface Launch {
  executable: string;
  scripts: Record<Script, string>;
  env: NodeJS.ProcessEnv;
  /** Called before each start. Throws where none is allowed, as in Restricted Mode. */
  requireAllowed: () => void;
}

/**
 * `executable` is the editor's own runtime, Electron or Node; the variable makes Electron behave as Node. What the
 * editor sets for its own extension host (debugger hooks in `NODE_OPTIONS`) is not for the trainer. Without a `bundle`
 * the trainer speaks English as the editor does, whatever the locale of the machine.
 */
export function trainerLaunch(
  folder: string,
  bundle: string | undefined,
  requireAllowed: () => void = () => undefined,
  executable = process.execPath,
): Launch {
  const { NODE_OPTIONS: _hooks, VSCODE_INSPECTOR_OPTIONS: _inspector, ...rest } = process.env;
  return {
    executable,
    scripts: { main: join(folder, 'main.mjs'), cli: join(folder, 'cli.mjs') },
    // From Node 24 on, downloads go through the proxy of HTTPS_PROXY by the second.
    env: { ...rest, ELECTRON_RUN_AS_NODE: '1', NODE_USE_ENV_PROXY: '1', VITUNE_L10N: bundle ?? '' },
    requireAllowed,
  };
}
