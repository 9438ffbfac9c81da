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

/** ms; less than Temporal waits for a heartbeat, for none is sent meanwhile. What takes longer is a step of its own. */
const MAX_PREPARE_MS = 5_000;

/**
 * Launches, and prepares before that what is not prepared yet: a step less in a workflow than two activities. What is
 * sent is in Temporal before the cloud hears of it, as the activity's heartbeat: an attempt that finds none knows that
 * this run sent nothing, and one that finds it sends the same bytes. So no heartbeat may say anything else. What a run
 * before a reset sent is looked for before this one sends anything.
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
    const recordedParameters = Context.current().info.heartbeatDetails as LaunchParameters | undefined;
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
    // Somebody who resets an activity makes its next attempt the first again.
    const wasActivityReset = attempt === 1 && heartbeatDetails !== undefined;
    const mayHaveBeenSent = launch.stage === 'overdue' || wasActivityReset || currentRunId() !== firstRunId;
    return this.#launchService.launchMachines({ launch, notAfter, parameters, mayHaveBeenSent });
  }

  /** Prepares, and keeps what came of it for later attempts. @returns undefined when either does not succeed now */
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

  /** While nothing is kept yet. The SDK's own heartbeats may come late, after that which keeps something. */
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

  /** Resolves when Temporal has it. */
  #recordInHeartbeat(parameters: LaunchParameters | undefined): Promise<void> {
    return this.#temporal.activity.heartbeat(Context.current().info.taskToken, parameters);
  }
}

const NOTHING_LAUNCHED: LaunchMachinesResult = { isConclusive: true, machines: [], shortages: [] };

const currentRunId = (): string => Context.current().info.workflowExecution?.runId ?? '';

async function rejectAfterMaxPrepareTime(): Promise<never> {
  await delay(MAX_PREPARE_MS, undefined, { ref: false });
  throw new Error('It takes long to prepare the launch.');
}
