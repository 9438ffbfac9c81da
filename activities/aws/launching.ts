import { ApplicationFailure, Context } from '@temporalio/activity';
import {
  SETTLE_MS,
  type AcquireInput,
  type AcquireResult,
  type LaunchActivities,
} from '../../domain/activities.ts';
import type { LaunchedMachine } from '../../domain/request/reducer.ts';
import { withHeartbeat } from '../heartbeat.ts';
import { toFailure } from './errors.ts';
import type { Manager } from './managers/manager.ts';

export interface LaunchSettings {
  /** Seconds after which a new instance is certainly visible in every answer of AWS. */
  readonly consistencySeconds: number;
}

/** AWS surely remembers a token this long; after that a repetition could launch anew. */
const TOKEN_LIFE_MS = 10 * 60_000;

export function createLaunchActivities(manager: Manager, settings: LaunchSettings): LaunchActivities {
  return {
    prepareLaunch: (input) => withHeartbeat(() => manager.prepare(input)).catch(rethrow),
    acquire: (input) => withHeartbeat(() => acquire(manager, settings, input)).catch(rethrow),
  };
}

/**
 * Sends a launch, or finds out what it did. Only the very first attempt before the deadline may send at
 * once; any later one looks first, because an attempt before it may have been heard by AWS.
 */
async function acquire(
  manager: Manager,
  settings: LaunchSettings,
  { launch, parameters, notAfter, mayHaveBeenSent }: AcquireInput,
): Promise<AcquireResult> {
  const now = Date.now();
  const first = Context.current().info.attempt === 1 && !mayHaveBeenSent;
  if (first && now < notAfter) return manager.launch(launch, parameters);
  const found = await discover(manager, launch, now >= notAfter + SETTLE_MS);
  if (!found) return { certain: false, machines: [], shortages: [] };
  if (found.length >= launch.units) return { certain: true, machines: found, shortages: [] };
  // AWS answers the repetition with what the first call made: that list is complete, a search may lag.
  const remembered = now - launch.decidedAt < TOKEN_LIFE_MS;
  if (now < notAfter && (remembered || found.length === 0)) return manager.launch(launch, parameters);
  if (found.length > 0) {
    return { certain: true, machines: await allVisible(manager, settings, launch, found), shortages: [] };
  }
  if (first || now >= notAfter + SETTLE_MS) return { certain: true, machines: [], shortages: [] };
  throw ApplicationFailure.create({
    type: 'Unsettled',
    message: `It is not certain yet that launch ${launch.ordinal} did nothing; looking again.`,
    nextRetryDelay: '30s',
  });
}

/** Undefined when AWS can't be asked and it is `late`: the request has to be answered without knowing. */
async function discover(
  manager: Manager,
  launch: AcquireInput['launch'],
  late: boolean,
): Promise<readonly LaunchedMachine[] | undefined> {
  try {
    return await manager.discover(launch);
  } catch (error) {
    if (late) return undefined;
    throw error;
  }
}

/** Looks again until the set stays the same for as long as AWS may take to show a new instance. */
async function allVisible(
  manager: Manager,
  settings: LaunchSettings,
  launch: AcquireInput['launch'],
  first: readonly LaunchedMachine[],
): Promise<readonly LaunchedMachine[]> {
  let found = first;
  for (;;) {
    await Context.current().sleep(settings.consistencySeconds * 1_000);
    const again = await manager.discover(launch);
    if (again.length === found.length) return again;
    found = again;
  }
}

function rethrow(error: unknown): never {
  throw toFailure(error);
}
