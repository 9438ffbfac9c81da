import { ApplicationFailure, Context } from '@temporalio/activity';
import { SETTLE_MS, type AcquireResult } from '../../../contract/activities.ts';
import type { Launch, LaunchedMachine } from '../../../domain/request/launch.ts';
import { withHeartbeat } from '../../runtime/heartbeat.ts';
import { brief, toReadFailure } from '../../runtime/failures.ts';
import type { LaunchCall, Launches } from '../../provider.ts';
import { toFailure, toProviderError } from '../client/errors.ts';
import type { Groups } from '../group/groups.ts';
import type { InstanceReader } from '../instance/instances.ts';
import type { LaunchTemplates } from '../launchTemplate/launchTemplates.ts';
import { findLaunched } from './discoverLaunched.ts';
import { weightsOf } from './offerings.ts';
import { awsParameters } from './launchParameters.ts';
import {
  isGroup,
  managerFor,
  type CallManager,
  type GroupManager,
  type GroupManagerName,
  type Managers,
} from './launchMethod.ts';
import type { ShortageMemory } from './unavailableOfferings.ts';
import { TAG } from '../tags.ts';

export interface LaunchSettings {
  /** Seconds after which a new instance is certainly visible in every answer of AWS. */
  readonly consistencySeconds: number;
}

/** AWS surely remembers a token this long; after that a repetition could launch anew. */
const TOKEN_LIFE_MS = 10 * 60_000;
/** A group that is full by then costs the workflow no step of its own. */
const FIRST_FILL_MS = 20_000;

/**
 * AWS remembers the token with other parameters: a run before a reset sent them, and nothing of it is left. The next
 * launch has a token of its own.
 */
const OTHER_PARAMETERS = 'IdempotentParameterMismatch';

/** What launching stands on. */
export interface Launcher {
  readonly managers: Managers;
  readonly groups: Groups;
  readonly launchTemplates: LaunchTemplates;
  readonly reader: InstanceReader;
  readonly shortages: ShortageMemory;
  readonly settings: LaunchSettings;
}

export function createLaunches(launcher: Launcher): Launches {
  return {
    prepareLaunch: (input) =>
      managerFor(launcher.managers, input.template.providerApi).prepare(input).catch(rethrow),
    acquire: (input) =>
      withHeartbeat(
        () => {
          const { manager } = awsParameters(input.parameters);
          return isGroup(manager)
            ? acquireGroup(launcher, manager, input)
            : acquireByCall(launcher, launcher.managers.calls[manager], input);
        },
        () => input.parameters,
      ).catch(rethrow),
    freezeGroup: (input) => withHeartbeat(() => launcher.groups.freeze(input)).catch(rethrow),
    findLaunched: (input) => findLaunched(launcher, input),
  };
}

const isFirst = ({ mayHaveBeenSent }: LaunchCall): boolean =>
  Context.current().info.attempt === 1 && !mayHaveBeenSent;

const nothing = (certain: boolean): AcquireResult => ({ certain, machines: [], shortages: [] });

/** Not sent after the deadline; but an earlier attempt may have been, and that may not show yet. */
function nothingFound(input: LaunchCall): AcquireResult {
  if (isFirst(input) || Date.now() >= input.notAfter + SETTLE_MS) return nothing(true);
  throw ApplicationFailure.create({
    type: 'Unsettled',
    message: `It is not certain yet that launch ${input.launch.ordinal} did nothing; looking again.`,
    nextRetryDelay: '30s',
  });
}

/**
 * Sends a launch, or finds out what it did. Only the very first attempt before the deadline may send at
 * once; any later one looks first, because an attempt before it may have been heard by AWS.
 */
async function acquireByCall(
  launcher: Launcher,
  manager: CallManager,
  input: LaunchCall,
): Promise<AcquireResult> {
  const { launch, notAfter, mayHaveBeenSent } = input;
  const now = Date.now();
  if (isFirst(input) && now < notAfter) return sendFirst(launcher, manager, input);
  const look = () => discover(launcher, launch);
  const found = await orLate(input, async () =>
    // What is sent after a reset was prepared anew, and AWS may take it for another launch.
    mayHaveBeenSent && now < notAfter ? allVisible(launcher, launch, await look()) : look(),
  );
  if (!found) return nothing(false);
  if (found.length >= launch.units) return { certain: true, machines: found, shortages: [] };
  // AWS answers the repetition with what the first call made: that list is complete, a search may lag. After a
  // reset the age of the token is not known, so what is found is not risked.
  const remembered = !mayHaveBeenSent && now - launch.decidedAt < TOKEN_LIFE_MS;
  if (now < notAfter && (remembered || found.length === 0)) return sendAgain(launcher, manager, input, found);
  if (found.length > 0) {
    return { certain: true, machines: await allVisible(launcher, launch, found), shortages: [] };
  }
  return nothingFound(input);
}

/** Makes the launch's group, or finds it, and gives it a moment to fill. */
async function acquireGroup(
  launcher: Launcher,
  name: GroupManagerName,
  input: LaunchCall,
): Promise<AcquireResult> {
  const { launch, notAfter } = input;
  const parameters = awsParameters(input.parameters);
  const manager = launcher.managers.groups[name];
  let id: string | undefined;
  if (Date.now() < notAfter) {
    const made = await createGroup(launcher, manager, input);
    if (typeof made !== 'string') return made;
    id = made;
  } else {
    const found = await orLate(input, async () => ({ id: await manager.find(launch) }));
    if (!found) return nothing(false);
    id = found.id;
  }
  if (id === undefined) return nothingFound(input);
  const leaveAt = Date.now() + FIRST_FILL_MS;
  return launcher.groups.awaitFull(
    {
      launch,
      group: { manager: name, id, ...(manager.outlives ? { outlives: true } : {}) },
      requestId: parameters.tags.find(([key]) => key === TAG.requestId)?.[1] ?? '',
      weights: weightsOf(parameters),
      known: 0,
      deadline: notAfter,
    },
    { reportAt: leaveAt, leaveAt },
  );
}

/** @returns the group's id, or the answer of a launch for which AWS has no room. */
async function createGroup(
  launcher: Launcher,
  manager: GroupManager,
  input: LaunchCall,
): Promise<string | AcquireResult> {
  const { launch, notAfter } = input;
  const parameters = awsParameters(input.parameters);
  const again = !isFirst(input);
  try {
    return await manager.create(launch, parameters, notAfter, again);
  } catch (error) {
    const { kind, providerCode: code, message } = toProviderError(error);
    const refused = kind === 'permanent' || kind === 'stale' || kind === 'capacity';
    // A refusal of a repetition is believed only when no group of an earlier attempt shows.
    if (again && refused) {
      await Context.current().sleep(launcher.settings.consistencySeconds * 1_000);
      const id = await manager.find(launch);
      if (id !== undefined) return id;
    }
    if (kind === 'stale') launcher.launchTemplates.forget(parameters.launchTemplateId);
    if (kind !== 'capacity' && code !== OTHER_PARAMETERS) throw error;
    return { certain: true, machines: [], shortages: [{ pool: 'all', code, message: brief(message) }] };
  }
}

async function send(
  launcher: Launcher,
  manager: CallManager,
  { launch, parameters }: LaunchCall,
): Promise<AcquireResult> {
  const result = await manager.launch(launch, awsParameters(parameters));
  for (const { pool, code } of result.shortages) launcher.shortages.note(pool, code);
  return result;
}

/** A first call that AWS refuses to look at is known to have done nothing: its request need not wait to be sure. */
async function sendFirst(
  launcher: Launcher,
  manager: CallManager,
  input: LaunchCall,
): Promise<AcquireResult> {
  try {
    return await send(launcher, manager, input);
  } catch (error) {
    const { kind, providerCode: code, message } = toProviderError(error);
    if (kind !== 'credentials') throw error;
    return { certain: true, machines: [], shortages: [{ pool: 'all', code, message: brief(message) }] };
  }
}

/**
 * Sends a launch that an earlier attempt may have sent. Whatever AWS says to the repetition, machines that the
 * earlier one made are in the result: an answer without them, or a refusal, is believed only after a look.
 */
async function sendAgain(
  launcher: Launcher,
  manager: CallManager,
  input: LaunchCall,
  found: readonly LaunchedMachine[],
): Promise<AcquireResult> {
  let result: AcquireResult;
  try {
    result = await send(launcher, manager, input);
  } catch (error) {
    const { kind, providerCode: code, message } = toProviderError(error);
    if (kind !== 'permanent' && kind !== 'stale') throw error;
    const machines = await allVisible(launcher, input.launch, found);
    if (machines.length > 0) return { certain: true, machines, shortages: [] };
    if (code !== OTHER_PARAMETERS) throw error;
    return { certain: true, machines: [], shortages: [{ pool: 'all', code, message: brief(message) }] };
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

/** Undefined when AWS can't be asked and it is so late that the request has to be answered without knowing. */
async function orLate<T>({ notAfter }: LaunchCall, look: () => Promise<T>): Promise<T | undefined> {
  try {
    return await look();
  } catch (error) {
    if (Date.now() >= notAfter + SETTLE_MS) return undefined;
    throw toReadFailure(error);
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
