import { ApplicationFailure, log } from '@temporalio/activity';
import type { Client } from '@temporalio/client';
import { defineSearchAttributeKey } from '@temporalio/common';
import { LAUNCH_REJECTED, type PrepareInput } from '../domain/activities.ts';
import { QUERY } from '../domain/shared/messages.ts';
import { inParallel } from './inParallel.ts';
import { listOwners, OPEN } from './owners.ts';
import type { ProviderInstance } from './provider.ts';

const HF_COUNT = defineSearchAttributeKey('HfCount', 'INT');

/** By workflow id, the most units that an owner can have: it only ever gives some back. */
type Bounds = ReadonlyMap<string, number>;

/**
 * Ends a request with which its template would have more machines live than its maxNumber. Host Factory keeps to that
 * number by itself; it may have lost count. Requests before this one come first, so of two at once one goes on. Where
 * Temporal cannot be asked nothing is refused, and a request that its list does not show yet (a second or so) is not
 * counted.
 */
export class MaxNumber {
  readonly #client: Client;
  /** By template. */
  readonly #owners = new Map<string, () => Promise<Bounds>>();
  /** What owners said that they hold; those that are closed leave it with the next list. */
  readonly #held = new Map<string, Map<string, number>>();

  constructor(client: Client) {
    this.#client = client;
  }

  /** @throws ApplicationFailure of type LAUNCH_REJECTED */
  async refuseBeyond(input: PrepareInput): Promise<void> {
    const { owner, template, count } = input;
    const { templateId, maxNumber } = template;
    if (maxNumber === -1 || count === undefined) return;
    const held = await this.#heldByOthers(input, maxNumber - count).catch((error: unknown) => {
      log.warn('the machines of other requests could not be counted; launching', {
        templateId,
        requestId: owner.requestId,
        error,
      });
      return 0;
    });
    if (held + count <= maxNumber) return;
    throw ApplicationFailure.create({
      type: LAUNCH_REJECTED,
      message: `Template '${templateId}' allows at most ${maxNumber} machines (its maxNumber), and other requests have ${held} of them.`,
      nonRetryable: true,
    });
  }

  /** Units that earlier requests with this template have or still launch; the exact number where it is more than `enough`. */
  async #heldByOthers(input: PrepareInput, enough: number): Promise<number> {
    const { requestId } = input.owner;
    // Ids of requests begin with the time.
    const earlier = [...(await this.#ownersWith(input))].filter(([workflowId]) => workflowId < requestId);
    const sum = (counts: readonly number[]): number => counts.reduce((total, each) => total + each, 0);
    const most = sum(earlier.map(([, bound]) => bound));
    if (most <= enough) return most;
    return sum(await inParallel(earlier, ([workflowId, bound]) => this.#ask(input, workflowId, bound)));
  }

  async #ask({ template }: PrepareInput, workflowId: string, bound: number): Promise<number> {
    const answer = this.#client.workflow.getHandle(workflowId).query<number>(QUERY.held);
    const held = await answer.catch(() => bound);
    this.#held.get(template.templateId)?.set(workflowId, held);
    return held;
  }

  /** Requests that come while a list is under way share the next: a list of hundreds is not made for each of hundreds. */
  #ownersWith({ owner, template: { templateId } }: PrepareInput): Promise<Bounds> {
    const known = this.#owners.get(templateId);
    if (known) return known();
    const list = shared(() => this.#list(owner, templateId));
    this.#owners.set(templateId, list);
    return list();
  }

  async #list(instance: ProviderInstance, templateId: string): Promise<Bounds> {
    const held = this.#held.get(templateId);
    const bounds = new Map<string, number>();
    const open = listOwners(this.#client, instance, `${OPEN} AND HfTemplate = ${JSON.stringify(templateId)}`);
    for await (const { workflowId, typedSearchAttributes } of open)
      bounds.set(workflowId, held?.get(workflowId) ?? typedSearchAttributes.get(HF_COUNT) ?? 0);
    this.#held.set(templateId, new Map([...(held ?? [])].filter(([workflowId]) => bounds.has(workflowId))));
    return bounds;
  }
}

/** Each call gets a result whose work began after it. */
function shared<T>(work: () => Promise<T>): () => Promise<T> {
  let current: Promise<unknown> = Promise.resolve();
  let next: Promise<T> | undefined;
  return () => {
    next ??= current.then(() => {
      next = undefined;
      const result = work();
      current = result.catch(() => undefined);
      return result;
    });
    return next;
  };
}
