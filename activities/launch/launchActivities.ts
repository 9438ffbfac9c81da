import { setTimeout as delay } from 'node:timers/promises';
import { ApplicationFailure, Context } from '@temporalio/activity';
import type { Client } from '@temporalio/client';
import type {
  AcquireInput,
  Acquired,
  LaunchedFor,
  LaunchParameters,
  Look,
  Prepared,
  PrepareInput,
  Run,
} from '../../contract/activities.ts';
import { packMachines } from '../../domain/machine/packed.ts';
import { sighted } from '../../domain/request/machineTransitions.ts';
import { HEARTBEAT_MS } from '../runtime/heartbeat.ts';
import type { MaxNumber } from './templateQuota.ts';
import type { Launches } from '../provider.ts';

/** ms; less than Temporal waits for a heartbeat, for none is sent meanwhile. What takes longer is a step of its own. */
const PREPARE_MS = 5_000;

/**
 * Launches, and prepares before that what is not prepared yet: a step less in a workflow than two activities. What is
 * sent is in Temporal before the cloud hears of it, as the activity's heartbeat: an attempt that finds none knows that
 * this run sent nothing, and one that finds it sends the same bytes. So no heartbeat may say anything else. What a run
 * before a reset sent is looked for before this one sends anything.
 */
export class Acquisition {
  readonly #launches: Launches;
  readonly #maxNumber: MaxNumber;
  readonly #temporal: Client;

  constructor(launches: Launches, maxNumber: MaxNumber, temporal: Client) {
    this.#launches = launches;
    this.#maxNumber = maxNumber;
    this.#temporal = temporal;
  }

  async acquire(input: AcquireInput): Promise<Acquired> {
    const { parameters: given, prepare, notAfter } = input;
    if (given) return this.#send(input, given);
    const kept = Context.current().info.heartbeatDetails as LaunchParameters | undefined;
    if (kept) return { ...(await this.#send(input, kept)), parameters: kept };
    const look = await this.#beating(() => this.#look(prepare, input));
    if (look.found || Date.now() >= notAfter) return { ...NOTHING, ...look };
    const parameters = await this.#prepareNow(prepare);
    if (!parameters) return { ...NOTHING, ...look, unprepared: true };
    return { ...(await this.#send(input, parameters)), ...look, parameters };
  }

  /** @throws ApplicationFailure */
  async prepareLaunch(input: PrepareInput & Run): Promise<Prepared> {
    const look = await this.#look(input, input);
    return look.found ? look : { ...look, parameters: await this.#prepare(input) };
  }

  findLaunched(input: LaunchedFor & Run): Promise<Look> {
    return this.#look(input, input);
  }

  async #look({ owner, template }: LaunchedFor, { firstRunId, lookedIn }: Run): Promise<Look> {
    const runId = thisRun();
    if (runId === firstRunId || runId === lookedIn) return {};
    const { machines, groups } = await this.#launches.findLaunched({ owner, template });
    if (machines.length + groups.length === 0) return { lookedIn: runId };
    const packed = packMachines(machines.map((seen) => sighted(undefined, seen)));
    return { lookedIn: runId, found: { machines: packed, groups } };
  }

  #send(input: AcquireInput, parameters: LaunchParameters): Promise<Acquired> {
    const { launch, notAfter, firstRunId } = input;
    const { attempt, heartbeatDetails } = Context.current().info;
    // Somebody who resets an activity makes its next attempt the first again.
    const isAgain = attempt === 1 && heartbeatDetails !== undefined;
    const mayHaveBeenSent = launch.stage === 'overdue' || isAgain || thisRun() !== firstRunId;
    return this.#launches.acquire({ launch, notAfter, parameters, mayHaveBeenSent });
  }

  /** Prepares, and keeps what came of it for later attempts. @returns undefined when either does not succeed now */
  async #prepareNow(input: PrepareInput): Promise<LaunchParameters | undefined> {
    try {
      const parameters = await Promise.race([this.#prepare(input), late()]);
      await this.#keep(parameters);
      return parameters;
    } catch (error) {
      if (error instanceof ApplicationFailure && error.nonRetryable) throw error;
      return undefined;
    }
  }

  async #prepare(input: PrepareInput): Promise<LaunchParameters> {
    await this.#maxNumber.refuseBeyond(input);
    return this.#launches.prepareLaunch(input);
  }

  /** While nothing is kept yet. The SDK's own heartbeats may come late, after that which keeps something. */
  async #beating<T>(work: () => Promise<T>): Promise<T> {
    let beat = Promise.resolve();
    const timer = setInterval(() => {
      beat = beat.then(() => this.#keep(undefined)).catch(() => undefined);
    }, HEARTBEAT_MS);
    try {
      return await work();
    } finally {
      clearInterval(timer);
      await beat;
    }
  }

  /** Resolves when Temporal has it. */
  #keep(parameters: LaunchParameters | undefined): Promise<void> {
    return this.#temporal.activity.heartbeat(Context.current().info.taskToken, parameters);
  }
}

const NOTHING: Acquired = { certain: true, machines: [], shortages: [] };

const thisRun = (): string => Context.current().info.workflowExecution?.runId ?? '';

async function late(): Promise<never> {
  await delay(PREPARE_MS, undefined, { ref: false });
  throw new Error('It takes long to prepare the launch.');
}
