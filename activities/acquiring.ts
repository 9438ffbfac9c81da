import { setTimeout as delay } from 'node:timers/promises';
import { ApplicationFailure, Context } from '@temporalio/activity';
import type { Client } from '@temporalio/client';
import type { AcquireInput, Acquired, LaunchParameters, PrepareInput } from '../domain/activities.ts';
import type { MaxNumber } from './maxNumber.ts';
import type { Launches } from './provider.ts';

/** ms; less than Temporal waits for a heartbeat, for none is sent meanwhile. What takes longer is a step of its own. */
const PREPARE_MS = 5_000;

/**
 * Launches, and prepares before that what is not prepared yet: a step less in a workflow than two activities. What is
 * sent is in Temporal before the cloud hears of it, as the activity's heartbeat: an attempt that finds none knows that
 * nothing was sent, and one that finds it sends the same bytes. So no heartbeat may say anything else. What a run of the
 * workflow before a reset sent is not known here; the launch is then looked for before it is sent.
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
    const { prepare, ...launch } = input;
    const { attempt, heartbeatDetails } = Context.current().info;
    let parameters = heartbeatDetails as LaunchParameters | undefined;
    // Somebody who resets an activity makes its next attempt the first again.
    const mayHaveBeenSent = input.mayHaveBeenSent || (parameters !== undefined && attempt === 1);
    if (!parameters) {
      if (Date.now() >= input.notAfter) return NOTHING;
      try {
        parameters = await this.#prepare(prepare);
      } catch (error) {
        if (error instanceof ApplicationFailure && error.nonRetryable) throw error;
        return { ...NOTHING, unprepared: true };
      }
    }
    const result = await this.#launches.acquire({ ...launch, parameters, mayHaveBeenSent });
    return { ...result, parameters };
  }

  /** Prepares, and keeps what came of it for later attempts. @throws when either does not succeed now */
  async #prepare(input: PrepareInput): Promise<LaunchParameters> {
    const parameters = await Promise.race([this.prepareLaunch(input), late()]);
    await this.#temporal.activity.heartbeat(Context.current().info.taskToken, parameters);
    return parameters;
  }

  /** @throws ApplicationFailure */
  async prepareLaunch(input: PrepareInput): Promise<LaunchParameters> {
    await this.#maxNumber.refuseBeyond(input);
    return this.#launches.prepareLaunch(input);
  }
}

const NOTHING: Acquired = { certain: true, machines: [], shortages: [] };

async function late(): Promise<never> {
  await delay(PREPARE_MS, undefined, { ref: false });
  throw new Error('It takes long to prepare the launch.');
}
