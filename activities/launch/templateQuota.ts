import { ApplicationFailure, log } from '@temporalio/activity';
import type { Client } from '@temporalio/client';
import { defineSearchAttributeKey } from '@temporalio/common';
import { LAUNCH_REJECTED, type PrepareInput } from '../../contract/activities.ts';
import { QUERY } from '../../contract/messages.ts';
import { mapConcurrently } from '../runtime/inParallel.ts';
import { listOwners, IS_OPEN } from '../owners/listOwners.ts';
import type { ProviderInstance } from '../provider.ts';

const HF_COUNT = defineSearchAttributeKey('HfCount', 'INT');
/** ms within which a request that is listed may stand before one that is not yet: lists lag, and starts may be slow. */
const MAX_LIST_LAG_MS = 5_000;

/**
 * Ends a request with which its template would have more machines live than its maxNumber. Host Factory keeps to that
 * number by itself; it may have lost count. Requests before this one come first, so of two at once one goes on. Where
 * Temporal cannot be asked nothing is refused, and a request that its list does not show yet (a second or so) is not
 * counted.
 */
export class TemplateQuota {
  readonly #client: Client;
  /** By template. */
  readonly #ownersByTemplate = new Map<string, OpenOwners>();

  constructor(client: Client) {
    this.#client = client;
  }

  /** @throws ApplicationFailure of type LAUNCH_REJECTED */
  async rejectIfExceeded(input: PrepareInput): Promise<void> {
    const { owner, template, count } = input;
    const { templateId, maxNumber } = template;
    if (maxNumber === -1 || count === undefined) return;
    const capacityInUse = await this.#capacityUsedByEarlierRequests(input, maxNumber - count).catch(
      (error: unknown) => {
        log.warn('the machines of other requests could not be counted; launching', {
          templateId,
          requestId: owner.requestId,
          error,
        });
        return 0;
      },
    );
    if (capacityInUse + count <= maxNumber) return;
    throw ApplicationFailure.create({
      type: LAUNCH_REJECTED,
      message: `Template '${templateId}' allows at most ${maxNumber} machines (its maxNumber), and other requests have ${capacityInUse} of them.`,
      nonRetryable: true,
    });
  }

  /** Units that earlier requests with this template have or still launch; the exact number where it is more than `available`. */
  async #capacityUsedByEarlierRequests(input: PrepareInput, available: number): Promise<number> {
    const { owner, template, createdAt } = input;
    const owners = this.#openOwnersOf(owner, template.templateId);
    const isUpToDate = owners.coversRequestsBefore(owner.requestId, createdAt);
    if (!isUpToDate || totalMaxUnits(owners.startedBefore(owner.requestId)) > available)
      await owners.refresh();
    const earlierOwners = owners.startedBefore(owner.requestId);
    const upperBound = totalMaxUnits(earlierOwners);
    if (upperBound <= available) return upperBound;
    await mapConcurrently(earlierOwners, (other) => this.#updateFromOwner(other));
    return totalMaxUnits(earlierOwners);
  }

  async #updateFromOwner(owner: KnownOwner): Promise<void> {
    const capacityInUse = this.#client.workflow
      .getHandle(owner.workflowId)
      .query<number>(QUERY.capacityInUse);
    owner.maxUnits = await capacityInUse.catch(() => owner.maxUnits);
  }

  #openOwnersOf(instance: ProviderInstance, templateId: string): OpenOwners {
    const owners =
      this.#ownersByTemplate.get(templateId) ?? new OpenOwners(this.#client, instance, templateId);
    this.#ownersByTemplate.set(templateId, owners);
    return owners;
  }
}

interface KnownOwner {
  readonly workflowId: string;
  /** Units that it can have: it only ever gives some back. */
  maxUnits: number;
}

const totalMaxUnits = (owners: readonly KnownOwner[]): number =>
  owners.reduce((total, { maxUnits }) => total + maxUnits, 0);

/** Those with one template. A list of hundreds, which costs Temporal much, is not made for each of hundreds. */
class OpenOwners {
  #owners: ReadonlyMap<string, KnownOwner> = new Map();
  /** Epoch ms. */
  #refreshedAt = 0;
  /** Requests that come while a list is under way share the next. */
  readonly refresh: () => Promise<void>;

  constructor(client: Client, instance: ProviderInstance, templateId: string) {
    const condition = `${IS_OPEN} AND HfTemplate = ${JSON.stringify(templateId)}`;
    this.refresh = coalesceCalls(async () => {
      const refreshedAt = Date.now();
      const owners = new Map<string, KnownOwner>();
      for await (const { workflowId, typedSearchAttributes } of listOwners(client, instance, condition)) {
        const maxUnits = typedSearchAttributes.get(HF_COUNT) ?? 0;
        owners.set(workflowId, this.#owners.get(workflowId) ?? { workflowId, maxUnits });
      }
      this.#owners = owners;
      this.#refreshedAt = refreshedAt;
    });
  }

  /** Of those that began before this request, all are known; some may have closed. */
  coversRequestsBefore(requestId: string, createdAt: number): boolean {
    return this.#owners.has(requestId) && createdAt + MAX_LIST_LAG_MS < this.#refreshedAt;
  }

  /** Ids of requests begin with the time. */
  startedBefore(requestId: string): KnownOwner[] {
    return [...this.#owners.values()].filter(({ workflowId }) => workflowId < requestId);
  }
}

/** Each call gets a result whose work began after it. */
function coalesceCalls<T>(work: () => Promise<T>): () => Promise<T> {
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
