/** The device that a command is to compute on, tried before it is used. */
import { chooseDevice } from '../engine/devices.js';
import type { DeviceName } from '../protocol.js';
import { cacheFolder, deviceFolder } from '../runs/cacheFolder.js';
import type { Output } from './output.js';

/** Shows what the user should know of it. Throws a `UserError` where it does not work. */
export async function triedDevice(wanted: DeviceName = 'cpu', output: Output): Promise<DeviceName> {
  const notice = (code: string, message: string, remedy: string): void => output.problem({ code, message, remedy });
  return (await chooseDevice(wanted, notice, { verdicts: deviceFolder(cacheFolder()) })).device;
}
