import { setTimeout as delay } from 'node:timers/promises';
import { ApplicationFailure, Context } from '@temporalio/activity';
import type { Client } from '@temporalio/client';
import type {
  LaunchMachinesInput,
  LaunchMachinesResult,
  DiscoverInput,
  LaunchParameters,
  Discovery,
  PrepareResult,
  PrepareInput,
  RunOrigin,
} from '../../contract/activities.ts';
import { packMachines } from '../../domain/machine/packed.ts';
import { applyObservation } from '../../domain/request/machineTransitions.ts';
import { HEARTBEAT_INTERVAL_MS } from '../runtime/heartbeat.ts';
import type { TemplateQuota } from './templateQuota.ts';
import type { LaunchService } from '../provider.ts';

/**
 * Below the heartbeat timeout, because the activity sends no heartbeat while it prepares. A preparation that takes longer
 * becomes an activity of its own (`prepareLaunch`).
 */
const MAX_PREPARE_MS = 5_000;

/**
 * Launches, and first prepares what is not prepared yet, so that a small request needs one activity instead of two. The
 * launch parameters are written to the activity's heartbeat before the cloud receives them (a write-ahead record). An
 * attempt that finds no heartbeat details knows that this run sent nothing; an attempt that finds them sends the same
 * bytes again. Therefore no heartbeat of this activity may carry anything else. After a reset it first discovers what
 * earlier runs launched.
 */
export class LaunchCoordinator {
  readonly #launchService: LaunchService;
  readonly #quota: TemplateQuota;
  readonly #temporal: Client;

  constructor(launchService: LaunchService, quota: TemplateQuota, temporal: Client) {
    this.#launchService = launchService;
    this.#quota = quota;
    this.#temporal = temporal;
  }

  async launchMachines(input: LaunchMachinesInput): Promise<LaunchMachinesResult> {
    const { parameters: preparedParameters, prepare, notAfter } = input;
    if (preparedParameters) return this.#send(input, preparedParameters);
    const recordedParameters = parseRecordedParameters(Context.current().info.heartbeatDetails);
    if (recordedParameters)
      return { ...(await this.#send(input, recordedParameters)), parameters: recordedParameters };
    const discovery = await this.#withEmptyHeartbeats(() => this.#discoverEarlierRuns(prepare, input));
    if (discovery.discovered || Date.now() >= notAfter) return { ...NOTHING_LAUNCHED, ...discovery };
    const parameters = await this.#prepareWithinLimit(prepare);
    if (!parameters) return { ...NOTHING_LAUNCHED, ...discovery, needsPreparation: true };
    return { ...(await this.#send(input, parameters)), ...discovery, parameters };
  }

  /** @throws ApplicationFailure */
  async prepareLaunch(input: PrepareInput & RunOrigin): Promise<PrepareResult> {
    const discovery = await this.#discoverEarlierRuns(input, input);
    return discovery.discovered ? discovery : { ...discovery, parameters: await this.#prepare(input) };
  }

  discoverLaunched(input: DiscoverInput & RunOrigin): Promise<Discovery> {
    return this.#discoverEarlierRuns(input, input);
  }

  async #discoverEarlierRuns(
    { owner, template }: DiscoverInput,
    { firstRunId, discoveryRunId }: RunOrigin,
  ): Promise<Discovery> {
    const runId = currentRunId();
    if (runId === firstRunId || runId === discoveryRunId) return {};
    const { machines, groups } = await this.#launchService.discoverLaunched({ owner, template });
    if (machines.length + groups.length === 0) return { discoveryRunId: runId };
    const packed = packMachines(machines.map((observation) => applyObservation(undefined, observation)));
    return { discoveryRunId: runId, discovered: { machines: packed, groups } };
  }

  #send(input: LaunchMachinesInput, parameters: LaunchParameters): Promise<LaunchMachinesResult> {
    const { launch, notAfter, firstRunId } = input;
    const { attempt, heartbeatDetails } = Context.current().info;
    // Resetting an activity (`temporal activity reset`) sets its attempt back to 1 and keeps the heartbeat details.
    const wasActivityReset = attempt === 1 && heartbeatDetails !== undefined;
    const mayHaveBeenSent = launch.stage === 'overdue' || wasActivityReset || currentRunId() !== firstRunId;
    return this.#launchService.launchMachines({ launch, notAfter, parameters, mayHaveBeenSent });
  }

  /** Prepares the launch and records the parameters in the heartbeat. @returns undefined if either fails for now */
  async #prepareWithinLimit(input: PrepareInput): Promise<LaunchParameters | undefined> {
    try {
      const parameters = await Promise.race([this.#prepare(input), rejectAfterMaxPrepareTime()]);
      await this.#recordInHeartbeat(parameters);
      return parameters;
    } catch (error) {
      if (error instanceof ApplicationFailure && error.nonRetryable) throw error;
      return undefined;
    }
  }

  async #prepare(input: PrepareInput): Promise<LaunchParameters> {
    await this.#quota.rejectIfExceeded(input);
    return this.#launchService.prepareLaunch(input);
  }

  /**
   * Sends empty heartbeats during discovery. They do not use the SDK's heartbeat: it throttles and delays heartbeats, so an
   * empty one could arrive after, and overwrite, the one with the parameters.
   */
  async #withEmptyHeartbeats<T>(work: () => Promise<T>): Promise<T> {
    let lastHeartbeat = Promise.resolve();
    const timer = setInterval(() => {
      lastHeartbeat = lastHeartbeat.then(() => this.#recordInHeartbeat(undefined)).catch(() => undefined);
    }, HEARTBEAT_INTERVAL_MS);
    try {
      return await work();
    } finally {
      clearInterval(timer);
      await lastHeartbeat;
    }
  }

  /** Resolves when the server has stored the heartbeat. */
  #recordInHeartbeat(parameters: LaunchParameters | undefined): Promise<void> {
    return this.#temporal.activity.heartbeat(Context.current().info.taskToken, parameters);
  }
}

const NOTHING_LAUNCHED: LaunchMachinesResult = { isConclusive: true, machines: [], shortages: [] };

/** @throws Error if the details are anything else: the launch that they record may have been sent */
function parseRecordedParameters(details: unknown): LaunchParameters | undefined {
  if (details === undefined || details === null) return undefined;
  if (typeof details === 'object' && 'v' in details && details.v === 1) return details as LaunchParameters;
  throw new Error(
    `This release cannot read the launch parameters in the heartbeat: ${JSON.stringify(details)}`,
  );
}

const currentRunId = (): string => Context.current().info.workflowExecution?.runId ?? '';

async function rejectAfterMaxPrepareTime(): Promise<never> {
  await delay(MAX_PREPARE_MS, undefined, { ref: false });
  throw new Error(`Preparing the launch took longer than ${MAX_PREPARE_MS} ms.`);
}
