import { ApplicationFailure, Context } from '@temporalio/activity';
import { SETTLE_MS, type LaunchResult } from '../../../contract/activities.ts';
import type { Launch, LaunchedMachine } from '../../../domain/request/launch.ts';
import { withHeartbeat } from '../../runtime/heartbeat.ts';
import { truncateMessage, toReadFailure } from '../../runtime/failures.ts';
import type { LaunchCall, LaunchService } from '../../provider.ts';
import { isAwsCode, toApplicationFailure, toProviderError } from '../client/errors.ts';
import type { GroupService } from '../group/groupService.ts';
import type { InstanceReader } from '../instance/instanceReader.ts';
import type { LaunchTemplates } from '../launchTemplate/launchTemplates.ts';
import { discoverLaunched } from './discoverLaunched.ts';
import { weightsOf } from './offerings.ts';
import { toAwsParameters } from './launchParameters.ts';
import {
  isGroupMethod,
  methodFor,
  type CallLaunchMethod,
  type GroupLaunchMethod,
  type GroupMethodName,
  type LaunchMethods,
} from './methods/launchMethod.ts';
import type { UnavailableOfferings } from './unavailableOfferings.ts';
import { TAG } from '../tags.ts';

export interface LaunchSettings {
  /** Seconds after which AWS certainly shows a new instance in every response. */
  readonly consistencySeconds: number;
}

/** AWS certainly remembers a client token this long; later a repetition could launch again. */
const TOKEN_LIFETIME_MS = 10 * 60_000;
/** A group that fills within this time needs no further activity. */
const MAX_FIRST_FILL_MS = 20_000;

/** Dependencies of the launch service. */
export interface LaunchDependencies {
  readonly launchMethods: LaunchMethods;
  readonly groups: GroupService;
  readonly launchTemplates: LaunchTemplates;
  readonly reader: InstanceReader;
  readonly unavailableOfferings: UnavailableOfferings;
  readonly settings: LaunchSettings;
}

export function createLaunchService(dependencies: LaunchDependencies): LaunchService {
  return {
    prepareLaunch: (input) =>
      methodFor(dependencies.launchMethods, input.template.providerApi)
        .prepare(input)
        .catch(throwApplicationFailure),
    launchMachines: (input) =>
      withHeartbeat(
        () => {
          const { launchMethod } = toAwsParameters(input.parameters);
          return isGroupMethod(launchMethod)
            ? launchGroup(dependencies, launchMethod, input)
            : launchByCall(dependencies, dependencies.launchMethods.calls[launchMethod], input);
        },
        () => input.parameters,
      ).catch(throwApplicationFailure),
    freezeGroup: (input) =>
      withHeartbeat(() => dependencies.groups.freeze(input)).catch(throwApplicationFailure),
    discoverLaunched: (input) => discoverLaunched(dependencies, input),
  };
}

const isFirstAttempt = ({ mayHaveBeenSent }: LaunchCall): boolean =>
  Context.current().info.attempt === 1 && !mayHaveBeenSent;

const nothingLaunched = (isConclusive: boolean): LaunchResult => ({
  isConclusive,
  machines: [],
  shortages: [],
});

/** Nothing is sent after the deadline, but an earlier attempt may have been sent and not be visible yet. */
function nothingFoundOrRetry(input: LaunchCall): LaunchResult {
  if (isFirstAttempt(input) || Date.now() >= input.notAfter + SETTLE_MS) return nothingLaunched(true);
  throw ApplicationFailure.create({
    type: 'Unsettled',
    message: `It is not yet certain that launch ${input.launch.ordinal} launched nothing; checking again.`,
    nextRetryDelay: '30s',
  });
}

/**
 * Sends a launch or discovers its outcome. Only the first attempt before the deadline may send at once; any later one
 * discovers first, because AWS may have received an earlier one.
 */
async function launchByCall(
  dependencies: LaunchDependencies,
  method: CallLaunchMethod,
  input: LaunchCall,
): Promise<LaunchResult> {
  const { launch, notAfter, mayHaveBeenSent } = input;
  const now = Date.now();
  if (isFirstAttempt(input) && now < notAfter) return sendFirstAttempt(dependencies, method, input);
  const discoverNow = () => discover(dependencies, launch);
  const discovered = await undefinedAfterDeadline(input, async () =>
    // After a reset the launch was prepared again, so AWS may treat the bytes as a different launch.
    mayHaveBeenSent && now < notAfter
      ? discoverUntilStable(dependencies, launch, await discoverNow())
      : discoverNow(),
  );
  if (!discovered) return nothingLaunched(false);
  if (discovered.length >= launch.units) return { isConclusive: true, machines: discovered, shortages: [] };
  // AWS answers a repeated token with the first call's machines, a complete list, while a search may lag. After a
  // reset the token's age is unknown, so discovered machines are not put at risk.
  const isTokenRemembered = !mayHaveBeenSent && now - launch.decidedAt < TOKEN_LIFETIME_MS;
  if (now < notAfter && (isTokenRemembered || discovered.length === 0))
    return resend(dependencies, method, input, discovered);
  if (discovered.length > 0) {
    return {
      isConclusive: true,
      machines: await discoverUntilStable(dependencies, launch, discovered),
      shortages: [],
    };
  }
  return nothingFoundOrRetry(input);
}

/** Creates or finds the launch's group and waits briefly for it to fill. */
async function launchGroup(
  dependencies: LaunchDependencies,
  name: GroupMethodName,
  input: LaunchCall,
): Promise<LaunchResult> {
  const { launch, notAfter } = input;
  const parameters = toAwsParameters(input.parameters);
  const method = dependencies.launchMethods.groups[name];
  let id: string | undefined;
  if (Date.now() < notAfter) {
    const created = await createGroup(dependencies, method, input);
    if (typeof created !== 'string') return created;
    id = created;
  } else {
    const found = await undefinedAfterDeadline(input, async () => ({ id: await method.find(launch) }));
    if (!found) return nothingLaunched(false);
    id = found.id;
  }
  if (id === undefined) return nothingFoundOrRetry(input);
  const returnBy = Date.now() + MAX_FIRST_FILL_MS;
  return dependencies.groups.awaitFull(
    {
      launch,
      group: { launchMethod: name, id, ...(method.mustBeDeleted ? { mustBeDeleted: true } : {}) },
      requestId: parameters.tags.find(([key]) => key === TAG.requestId)?.[1] ?? '',
      weights: weightsOf(parameters),
      knownMembers: 0,
      deadline: notAfter,
    },
    { reportAt: returnBy, returnBy },
  );
}

/** @returns the group's id, or a result if AWS has no capacity */
async function createGroup(
  dependencies: LaunchDependencies,
  method: GroupLaunchMethod,
  input: LaunchCall,
): Promise<string | LaunchResult> {
  const { launch, notAfter } = input;
  const parameters = toAwsParameters(input.parameters);
  const isRepeat = !isFirstAttempt(input);
  try {
    return await method.create(launch, parameters, notAfter, isRepeat);
  } catch (error) {
    const { kind, providerCode: code, message } = toProviderError(error);
    const isRefused = kind === 'permanent' || kind === 'stale' || kind === 'capacity';
    // A refused repetition is believed only if no group of an earlier attempt appears.
    if (isRepeat && isRefused) {
      await Context.current().sleep(dependencies.settings.consistencySeconds * 1_000);
      const id = await method.find(launch);
      if (id !== undefined) return id;
    }
    if (kind === 'stale') dependencies.launchTemplates.invalidate(parameters.launchTemplateId);
    if (kind !== 'capacity' && !isAwsCode(code, 'tokenMismatch')) throw error;
    return {
      isConclusive: true,
      machines: [],
      shortages: [{ offering: 'all', code, message: truncateMessage(message) }],
    };
  }
}

async function send(
  dependencies: LaunchDependencies,
  method: CallLaunchMethod,
  { launch, parameters }: LaunchCall,
): Promise<LaunchResult> {
  const result = await method.launch(launch, toAwsParameters(parameters));
  for (const { offering, code } of result.shortages) dependencies.unavailableOfferings.record(offering, code);
  return result;
}

/** A first call that AWS rejects for its credentials certainly did nothing, so the request need not wait. */
async function sendFirstAttempt(
  dependencies: LaunchDependencies,
  method: CallLaunchMethod,
  input: LaunchCall,
): Promise<LaunchResult> {
  try {
    return await send(dependencies, method, input);
  } catch (error) {
    const { kind, providerCode: code, message } = toProviderError(error);
    if (kind !== 'credentials') throw error;
    return {
      isConclusive: true,
      machines: [],
      shortages: [{ offering: 'all', code, message: truncateMessage(message) }],
    };
  }
}

/**
 * Repeats a launch that an earlier attempt may have sent. Whatever AWS answers, the result contains the machines of the
 * earlier attempt: a response without them, or a refusal, is believed only after discovery.
 */
async function resend(
  dependencies: LaunchDependencies,
  method: CallLaunchMethod,
  input: LaunchCall,
  discovered: readonly LaunchedMachine[],
): Promise<LaunchResult> {
  let result: LaunchResult;
  try {
    result = await send(dependencies, method, input);
  } catch (error) {
    const { kind, providerCode: code, message } = toProviderError(error);
    if (kind !== 'permanent' && kind !== 'stale') throw error;
    const machines = await discoverUntilStable(dependencies, input.launch, discovered);
    if (machines.length > 0) return { isConclusive: true, machines, shortages: [] };
    // Nothing of the earlier run's launch is left. The next launch uses another token.
    if (!isAwsCode(code, 'tokenMismatch')) throw error;
    return {
      isConclusive: true,
      machines: [],
      shortages: [{ offering: 'all', code, message: truncateMessage(message) }],
    };
  }
  const returnedIds = new Set(result.machines.map(({ machineId }) => machineId));
  if (returnedIds.size >= input.launch.units) return result;
  const visible = await discoverUntilStable(dependencies, input.launch, discovered);
  const missing = visible.filter(({ machineId }) => !returnedIds.has(machineId));
  return { ...result, machines: [...result.machines, ...missing] };
}

/** The machines of a launch that are visible so far. A failed read is always retried. */
async function discover({ reader }: LaunchDependencies, launch: Launch): Promise<readonly LaunchedMachine[]> {
  try {
    const instances = await reader.describeByFilter([{ Name: `tag:${TAG.launch}`, Values: [launch.token] }]);
    return instances.map(({ machineId, instanceType, spot }) => ({ machineId, instanceType, spot }));
  } catch (error) {
    throw toReadFailure(error);
  }
}

/** Undefined if AWS cannot be read and the request must be answered without knowing. */
async function undefinedAfterDeadline<T>(
  { notAfter }: LaunchCall,
  read: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (Date.now() >= notAfter + SETTLE_MS) return undefined;
    throw toReadFailure(error);
  }
}

/** Reads until the set stays the same for as long as AWS may need to show a new instance. */
async function discoverUntilStable(
  dependencies: LaunchDependencies,
  launch: Launch,
  first: readonly LaunchedMachine[],
): Promise<readonly LaunchedMachine[]> {
  let discovered = first;
  for (;;) {
    await Context.current().sleep(dependencies.settings.consistencySeconds * 1_000);
    const again = await discover(dependencies, launch);
    if (again.length === discovered.length) return again;
    discovered = again;
  }
}

function throwApplicationFailure(error: unknown): never {
  throw toApplicationFailure(error);
}
