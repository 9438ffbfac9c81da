import { ApplicationFailure, log } from '@temporalio/activity';
import type { Client } from '@temporalio/client';
import { defineSearchAttributeKey } from '@temporalio/common';
import { LAUNCH_REJECTED, type PrepareInput } from '../../contract/activities.ts';
import { QUERY } from '../../contract/messages.ts';
import { inParallel } from '../runtime/inParallel.ts';
import { listOwners, OPEN } from '../owners/listOwners.ts';
import type { ProviderInstance } from '../provider.ts';

const HF_COUNT = defineSearchAttributeKey('HfCount', 'INT');
/** ms within which a request that is listed may stand before one that is not yet: lists lag, and starts may be slow. */
const LAG_MS = 5_000;

/**
 * Ends a request with which its template would have more machines live than its maxNumber. Host Factory keeps to that
 * number by itself; it may have lost count. Requests before this one come first, so of two at once one goes on. Where
 * Temporal cannot be asked nothing is refused, and a request that its list does not show yet (a second or so) is not
 * counted.
 */
export class MaxNumber {
  readonly #client: Client;
  /** By template. */
  readonly #owners = new Map<string, OpenOwners>();

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
    const { owner, template, createdAt } = input;
    const owners = this.#ownersWith(owner, template.templateId);
    const isKnown = owners.hasAllBefore(owner.requestId, createdAt);
    if (!isKnown || sum(owners.before(owner.requestId)) > enough) await owners.list();
    const others = owners.before(owner.requestId);
    const most = sum(others);
    if (most <= enough) return most;
    await inParallel(others, (other) => this.#ask(other));
    return sum(others);
  }

  async #ask(other: Known): Promise<void> {
    const answer = this.#client.workflow.getHandle(other.workflowId).query<number>(QUERY.held);
    other.most = await answer.catch(() => other.most);
  }

  #ownersWith(instance: ProviderInstance, templateId: string): OpenOwners {
    const owners = this.#owners.get(templateId) ?? new OpenOwners(this.#client, instance, templateId);
    this.#owners.set(templateId, owners);
    return owners;
  }
}

interface Known {
  readonly workflowId: string;
  /** Units that it can have: it only ever gives some back. */
  most: number;
}

const sum = (owners: readonly Known[]): number => owners.reduce((total, { most }) => total + most, 0);

/** Those with one template. A list of hundreds, which costs Temporal much, is not made for each of hundreds. */
class OpenOwners {
  #known: ReadonlyMap<string, Known> = new Map();
  /** Epoch ms. */
  #listedAt = 0;
  /** Requests that come while a list is under way share the next. */
  readonly list: () => Promise<void>;

  constructor(client: Client, instance: ProviderInstance, templateId: string) {
    const condition = `${OPEN} AND HfTemplate = ${JSON.stringify(templateId)}`;
    this.list = shared(async () => {
      const listedAt = Date.now();
      const known = new Map<string, Known>();
      for await (const { workflowId, typedSearchAttributes } of listOwners(client, instance, condition)) {
        const most = typedSearchAttributes.get(HF_COUNT) ?? 0;
        known.set(workflowId, this.#known.get(workflowId) ?? { workflowId, most });
      }
      this.#known = known;
      this.#listedAt = listedAt;
    });
  }

  /** Of those that began before this request, all are known; some may have closed. */
  hasAllBefore(requestId: string, createdAt: number): boolean {
    return this.#known.has(requestId) && createdAt + LAG_MS < this.#listedAt;
  }

  /** Ids of requests begin with the time. */
  before(requestId: string): Known[] {
    return [...this.#known.values()].filter(({ workflowId }) => workflowId < requestId);
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
