import { ApplicationFailure, Context } from '@temporalio/activity';
import type { Client } from '@temporalio/client';
import {
  SETTLE_MS,
  type AcquireInput,
  type Acquired,
  type LaunchParameters,
  type UnpreparedLaunch,
} from '../domain/activities.ts';
import type { MaxNumber } from './maxNumber.ts';
import type { Launches } from './provider.ts';

/**
 * Launches, and prepares before that what is not prepared yet: a step less in a workflow than two activities. What is
 * sent is in Temporal before the cloud hears of it, as the activity's heartbeat.
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
    if (!('prepare' in input)) return this.#launches.acquire(input);
    const { attempt } = Context.current().info;
    const isLate = Date.now() >= input.notAfter;
    if (isLate && attempt === 1 && !input.mayHaveBeenSent) return nothing(true);
    let parameters: LaunchParameters;
    try {
      parameters = await this.#prepared(input);
    } catch (error) {
      // Whether an attempt before this one sent it is not known; nothing may be concluded from a refusal now.
      if (attempt > 1 || isLate) return unsettled(input, error);
      if (error instanceof ApplicationFailure && error.nonRetryable) throw error;
      return { ...nothing(true), unprepared: true };
    }
    const { prepare: _prepare, ...launch } = input;
    return { ...(await this.#launches.acquire({ ...launch, parameters })), parameters };
  }

  /** Those of an earlier attempt, which may have sent them; else new ones, which are kept for later attempts. */
  async #prepared({ prepare, mayHaveBeenSent }: UnpreparedLaunch): Promise<LaunchParameters> {
    const { attempt, heartbeatDetails, taskToken } = Context.current().info;
    const kept = heartbeatDetails as LaunchParameters | undefined;
    if (kept) return kept;
    if (attempt === 1 && !mayHaveBeenSent) await this.#maxNumber.refuseBeyond(prepare);
    const parameters = await this.#launches.prepareLaunch(prepare);
    await this.#temporal.activity.heartbeat(taskToken, parameters);
    return parameters;
  }
}

const nothing = (certain: boolean): Acquired => ({ certain, machines: [], shortages: [] });

/** @throws ApplicationFailure to be retried, until it is so late that the request has to be answered without knowing */
function unsettled({ launch, notAfter }: UnpreparedLaunch, error: unknown): Acquired {
  if (Date.now() >= notAfter + SETTLE_MS) return nothing(false);
  const why = error instanceof Error ? error.message : String(error);
  throw ApplicationFailure.create({
    type: 'Unsettled',
    message: `It is not certain yet what launch ${launch.ordinal} did, and it cannot be prepared again: ${why}`,
  });
}
