import pMap from 'p-map';
import { ApplicationFailure, log } from '@temporalio/activity';
import type { Client } from '@temporalio/client';
import { LAUNCH_REJECTED, type PrepareInput } from '../../contract/activities.ts';
import { HF_COUNT } from '../owners/searchAttributeKeys.ts';
import { MAX_CONCURRENT_OWNER_CALLS } from '../owners/workflowLookup.ts';
import { listOwners, IS_OPEN } from '../owners/listOwners.ts';
import type { ProviderInstance } from '../provider.ts';
import { capacityInUseQuery } from '../../contract/machineRequest.ts';

/** Visibility lags: a listed request may have started at most this long before an earlier one appears in the list. */
const MAX_LIST_LAG_MS = 5_000;

/**
 * Rejects a request that would exceed its template's maxNumber. Host Factory enforces maxNumber itself but can lose
 * count. Earlier requests win, so of two concurrent requests one proceeds. If Temporal cannot be queried nothing is
 * rejected, and a request that visibility does not show yet (about a second) is not counted.
 */
export class TemplateQuota {
  readonly #client: Client;
  /** By template id. */
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
        log.warn('could not count the capacity in use by other requests; launching anyway', {
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
      message: `Template '${templateId}' allows at most ${maxNumber} machines (maxNumber); other requests use ${capacityInUse}.`,
      nonRetryable: true,
    });
  }

  /**
   * Units that earlier requests of this template use or may still launch. An upper bound is enough while it fits
   * `available`; beyond that each owner is queried.
   */
  async #capacityUsedByEarlierRequests(input: PrepareInput, available: number): Promise<number> {
    const { owner, template, createdAt } = input;
    const owners = this.#openOwnersOf(owner, template.templateId);
    const isUpToDate = owners.coversRequestsBefore(owner.requestId, createdAt);
    if (!isUpToDate || totalMaxUnits(owners.startedBefore(owner.requestId)) > available)
      await owners.refresh();
    const earlierOwners = owners.startedBefore(owner.requestId);
    const upperBound = totalMaxUnits(earlierOwners);
    if (upperBound <= available) return upperBound;
    await pMap(earlierOwners, (other) => this.#updateFromOwner(other), {
      concurrency: MAX_CONCURRENT_OWNER_CALLS,
    });
    return totalMaxUnits(earlierOwners);
  }

  async #updateFromOwner(owner: KnownOwner): Promise<void> {
    const handle = this.#client.workflow.getHandle(owner.workflowId);
    const reply: unknown = await handle.query(capacityInUseQuery).catch(() => owner.maxUnits);
    owner.maxUnits = capacityInUseQuery.parse(reply);
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
  /** Upper bound of its units: an owner only ever releases some. */
  maxUnits: number;
}

const totalMaxUnits = (owners: readonly KnownOwner[]): number =>
  owners.reduce((total, { maxUnits }) => total + maxUnits, 0);

/** The open owners of one template. The visibility query is expensive, so requests that arrive together share one. */
class OpenOwners {
  #owners: ReadonlyMap<string, KnownOwner> = new Map();
  /** Epoch ms. */
  #refreshedAt = 0;
  /** Calls that arrive while a query runs share the next one. */
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

  /** Whether the last list includes every request created before this one; some may have closed since. */
  coversRequestsBefore(requestId: string, createdAt: number): boolean {
    return this.#owners.has(requestId) && createdAt + MAX_LIST_LAG_MS < this.#refreshedAt;
  }

  /** Request ids start with a UUIDv7 timestamp, so their order is the order of creation. */
  startedBefore(requestId: string): KnownOwner[] {
    return [...this.#owners.values()].filter(({ workflowId }) => workflowId < requestId);
  }
}

/** Coalesces calls: each gets the result of a run of `work` that began after the call. */
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
