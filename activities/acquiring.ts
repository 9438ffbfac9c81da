import { setTimeout as delay } from 'node:timers/promises';
import { ApplicationFailure, Context } from '@temporalio/activity';
import type { Client } from '@temporalio/client';
import type {
  AcquireInput,
  Acquired,
  FindInput,
  Launched,
  LaunchParameters,
  PrepareInput,
} from '../domain/activities.ts';
import { HEARTBEAT_MS } from './heartbeat.ts';
import type { MaxNumber } from './maxNumber.ts';
import type { Launches } from './provider.ts';

/** ms; less than Temporal waits for a heartbeat, for none is sent meanwhile. What takes longer is a step of its own. */
const PREPARE_MS = 5_000;

/**
 * Launches, and prepares before that what is not prepared yet: a step less in a workflow than two activities. What is
 * sent is in Temporal before the cloud hears of it, as the activity's heartbeat: an attempt that finds none knows that
 * this run sent nothing, and one that finds it sends the same bytes. So no heartbeat may say anything else. What a run
 * before a reset sent is looked for before anything else is sent.
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
    const { launch, notAfter, prepare, firstRunId, looked } = input;
    const { attempt, heartbeatDetails } = Context.current().info;
    const kept = heartbeatDetails as LaunchParameters | undefined;
    if (isAfterReset(firstRunId) && !looked) {
      const found = await this.#look(prepare, kept);
      if (found.machines.length + found.groups.length > 0) return { ...NOTHING, found };
    }
    let parameters = input.parameters ?? kept;
    // Somebody who resets an activity makes its next attempt the first again.
    const wasReset = kept !== undefined && attempt === 1;
    if (!parameters) {
      if (Date.now() >= notAfter) return NOTHING;
      try {
        parameters = await this.#prepare(prepare);
      } catch (error) {
        if (error instanceof ApplicationFailure && error.nonRetryable) throw error;
        return { ...NOTHING, unprepared: true };
      }
    }
    const mayHaveBeenSent = launch.stage === 'overdue' || wasReset || isAfterReset(firstRunId);
    const result = await this.#launches.acquire({ launch, notAfter, parameters, mayHaveBeenSent });
    return input.parameters ? result : { ...result, parameters };
  }

  async findLaunched({ firstRunId, ...input }: FindInput): Promise<Launched> {
    return isAfterReset(firstRunId) ? this.#launches.findLaunched(input) : { machines: [], groups: [] };
  }

  /** Prepares, and keeps what came of it for later attempts. @throws when either does not succeed now */
  async #prepare(input: PrepareInput): Promise<LaunchParameters> {
    const parameters = await Promise.race([this.prepareLaunch(input), late()]);
    await this.#keep(parameters);
    return parameters;
  }

  /** @throws ApplicationFailure */
  async prepareLaunch(input: PrepareInput): Promise<LaunchParameters> {
    await this.#maxNumber.refuseBeyond(input);
    return this.#launches.prepareLaunch(input);
  }

  /** Takes as long as the cloud may need to show all. The SDK's own heartbeats may come late, after what is kept next. */
  async #look(input: PrepareInput, kept: LaunchParameters | undefined): Promise<Launched> {
    let beating = Promise.resolve();
    const timer = setInterval(() => {
      beating = beating.then(() => this.#keep(kept)).catch(() => undefined);
    }, HEARTBEAT_MS);
    try {
      return await this.#launches.findLaunched(input);
    } finally {
      clearInterval(timer);
      await beating;
    }
  }

  /** Resolves when Temporal has it. */
  #keep(parameters: LaunchParameters | undefined): Promise<void> {
    return this.#temporal.activity.heartbeat(Context.current().info.taskToken, parameters);
  }
}

const NOTHING: Acquired = { certain: true, machines: [], shortages: [] };

const isAfterReset = (firstRunId: string): boolean =>
  Context.current().info.workflowExecution?.runId !== firstRunId;

async function late(): Promise<never> {
  await delay(PREPARE_MS, undefined, { ref: false });
  throw new Error('It takes long to prepare the launch.');
}
