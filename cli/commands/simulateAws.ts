import { resolve } from 'node:path';
import { isObject, messageOf, readJsonObject } from '../../config/input/jsonFile.ts';
import { ValidationError } from '../../domain/errors/errors.ts';
import type { Fault } from '../../simulator/gates.ts';
import { writeStdout } from '../output/writeStdout.ts';
import { flagName, textFlag, type Command, type Flags } from '../args/command.ts';

/** Serves a simulated AWS until SIGINT or SIGTERM; prints its URL when it listens. */
export const run: Command = async ({ flags }) => {
  const port = numberFlag(flags, 'port', 65_535);
  const pendingSeconds = numberFlag(flags, 'pendingSeconds', 86_400);
  const shuttingDownSeconds = numberFlag(flags, 'shuttingDownSeconds', 86_400);
  const consistencyLagMs = numberFlag(flags, 'consistencyLagMs', 3_600_000);
  const state = textFlag(flags, 'state');
  const throttle = flags['throttle'] === true ? 1 : undefined;
  const faultsFile = textFlag(flags, 'faults');
  const faults = faultsFile === undefined ? [] : await readFaults(faultsFile);
  const { startSimulator } = await import('../../simulator/server.ts');
  const stopped = new Promise<void>((stop) => {
    process.once('SIGINT', () => stop());
    process.once('SIGTERM', () => stop());
  });
  const simulator = await startSimulator({
    ...(port === undefined ? {} : { port }),
    ...(state === undefined ? {} : { stateFile: resolve(state) }),
    ...(pendingSeconds === undefined ? {} : { pendingSeconds }),
    ...(shuttingDownSeconds === undefined ? {} : { shuttingDownSeconds }),
    ...(consistencyLagMs === undefined ? {} : { consistencyLagMs }),
    ...(throttle === undefined ? {} : { throttle }),
    faults,
  }).catch((error: unknown) => {
    throw new ValidationError(`The simulated AWS cannot start: ${messageOf(error)}`, { cause: error });
  });
  await writeStdout(`simulated AWS listens on ${simulator.url}\n`);
  await stopped;
  await simulator.close();
  return 0;
};

/** A JSON list of gates, as the control endpoint takes them one by one. */
async function readFaults(path: string): Promise<readonly Fault[]> {
  const file = await readJsonObject(path, 'faults file');
  const { readFault } = await import('../../simulator/gates.ts');
  const { faults } = file;
  if (!Array.isArray(faults))
    throw new ValidationError(`The faults file ${path} has no list "faults"; see docs/simulated-aws.md.`);
  return faults.map((fault: unknown, index) => {
    try {
      return readFault(isObject(fault) ? fault : {});
    } catch (error) {
      throw new ValidationError(`faults[${index}] of ${path}: ${messageOf(error)}.`, { cause: error });
    }
  });
}

function numberFlag(flags: Flags, name: string, max: number): number | undefined {
  const value = flags[name];
  if (value === undefined) return undefined;
  const number = typeof value === 'number' ? value : Number.NaN;
  if (number >= 0 && number <= max && (name !== 'port' || Number.isInteger(number))) return number;
  throw new ValidationError(
    `${flagName(name)} is ${JSON.stringify(value)}; allowed: a number from 0 to ${max}.`,
  );
}
