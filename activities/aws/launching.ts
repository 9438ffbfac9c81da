import { ApplicationFailure, Context } from '@temporalio/activity';
import {
  SETTLE_MS,
  type AcquireInput,
  type AcquireResult,
  type LaunchActivities,
  type LaunchParameters,
} from '../../domain/activities.ts';
import type { Launch } from '../../domain/request/launch.ts';
import type { LaunchedMachine } from '../../domain/request/reducer.ts';
import { withHeartbeat } from '../heartbeat.ts';
import { toFailure, toProviderError, toReadFailure } from './errors.ts';
import type { InstanceReader } from './instances.ts';
import type { Manager } from './managers/manager.ts';
import type { ShortageMemory } from './shortages.ts';
import { TAG } from './tags.ts';

export interface LaunchSettings {
  /** Seconds after which a new instance is certainly visible in every answer of AWS. */
  readonly consistencySeconds: number;
}

/** AWS surely remembers a token this long; after that a repetition could launch anew. */
const TOKEN_LIFE_MS = 10 * 60_000;

/** What launching stands on. */
export interface Launcher {
  readonly manager: Manager<LaunchParameters>;
  readonly reader: InstanceReader;
  readonly shortages: ShortageMemory;
  readonly settings: LaunchSettings;
}

export function createLaunchActivities(launcher: Launcher): LaunchActivities {
  return {
    prepareLaunch: (input) => withHeartbeat(() => launcher.manager.prepare(input)).catch(rethrow),
    acquire: (input) => withHeartbeat(() => acquire(launcher, input)).catch(rethrow),
  };
}

/**
 * Sends a launch, or finds out what it did. Only the very first attempt before the deadline may send at
 * once; any later one looks first, because an attempt before it may have been heard by AWS.
 */
async function acquire(launcher: Launcher, input: AcquireInput): Promise<AcquireResult> {
  const { launch, notAfter, mayHaveBeenSent } = input;
  const now = Date.now();
  const first = Context.current().info.attempt === 1 && !mayHaveBeenSent;
  if (first && now < notAfter) return send(launcher, input);
  const found = await discoverOr(launcher, launch, now >= notAfter + SETTLE_MS);
  if (!found) return { certain: false, machines: [], shortages: [] };
  if (found.length >= launch.units) return { certain: true, machines: found, shortages: [] };
  // AWS answers the repetition with what the first call made: that list is complete, a search may lag. After a
  // reset the age of the token is not known, so what is found is not risked.
  const remembered = !mayHaveBeenSent && now - launch.decidedAt < TOKEN_LIFE_MS;
  if (now < notAfter && (remembered || found.length === 0)) return sendAgain(launcher, input, found);
  if (found.length > 0) {
    return { certain: true, machines: await allVisible(launcher, launch, found), shortages: [] };
  }
  if (first || now >= notAfter + SETTLE_MS) return { certain: true, machines: [], shortages: [] };
  throw ApplicationFailure.create({
    type: 'Unsettled',
    message: `It is not certain yet that launch ${launch.ordinal} did nothing; looking again.`,
    nextRetryDelay: '30s',
  });
}

async function send(launcher: Launcher, { launch, parameters }: AcquireInput): Promise<AcquireResult> {
  const result = await launcher.manager.launch(launch, parameters);
  for (const { pool, code } of result.shortages) launcher.shortages.note(pool, code);
  return result;
}

/**
 * Sends a launch that an earlier attempt may have sent. Whatever AWS says to the repetition, machines that the
 * earlier one made are in the result: an answer without them, or a refusal, is believed only after a look.
 */
async function sendAgain(
  launcher: Launcher,
  input: AcquireInput,
  found: readonly LaunchedMachine[],
): Promise<AcquireResult> {
  let result: AcquireResult;
  try {
    result = await send(launcher, input);
  } catch (error) {
    const { kind } = toProviderError(error);
    if (kind !== 'permanent' && kind !== 'stale') throw error;
    const machines = await allVisible(launcher, input.launch, found);
    if (machines.length === 0) throw error;
    return { certain: true, machines, shortages: [] };
  }
  const answered = new Set(result.machines.map(({ machineId }) => machineId));
  if (answered.size >= input.launch.units) return result;
  const visible = await allVisible(launcher, input.launch, found);
  const more = visible.filter(({ machineId }) => !answered.has(machineId));
  return { ...result, machines: [...result.machines, ...more] };
}

/** What is visible by now of a launch that may have been made. A read that fails is always tried again. */
async function discover({ reader }: Launcher, launch: Launch): Promise<readonly LaunchedMachine[]> {
  try {
    const found = await reader.byFilter([{ Name: `tag:${TAG.launch}`, Values: [launch.token] }]);
    return found.map(({ machineId, instanceType, spot }) => ({ machineId, instanceType, spot }));
  } catch (error) {
    throw toReadFailure(error);
  }
}

/** Undefined when AWS can't be asked and it is `late`: the request has to be answered without knowing. */
async function discoverOr(launcher: Launcher, launch: Launch, late: boolean) {
  try {
    return await discover(launcher, launch);
  } catch (error) {
    if (late) return undefined;
    throw error;
  }
}

/** Looks again until the set stays the same for as long as AWS may take to show a new instance. */
async function allVisible(
  launcher: Launcher,
  launch: Launch,
  first: readonly LaunchedMachine[],
): Promise<readonly LaunchedMachine[]> {
  let found = first;
  for (;;) {
    await Context.current().sleep(launcher.settings.consistencySeconds * 1_000);
    const again = await discover(launcher, launch);
    if (again.length === found.length) return again;
    found = again;
  }
}

function rethrow(error: unknown): never {
  throw toFailure(error);
}
