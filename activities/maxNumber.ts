import type { Client } from '@temporalio/client';
import { ApplicationFailure, log } from '@temporalio/activity';
import { defineSearchAttributeKey } from '@temporalio/common';
import { LAUNCH_REJECTED, type PrepareInput } from '../domain/activities.ts';
import { QUERY, WORKFLOW } from '../domain/shared/messages.ts';
import { taskQueues } from '../domain/shared/queues.ts';
import { inParallel } from './inParallel.ts';

const HF_COUNT = defineSearchAttributeKey('HfCount', 'INT');

/**
 * Ends a request with which its template would have more machines live than its maxNumber. Host Factory keeps to that
 * number by itself; it may have lost count. Requests before this one come first, so of two at once one goes on. Where
 * Temporal cannot be asked nothing is refused, and a request that its list does not show yet (a second or so) counts not.
 * @throws ApplicationFailure of type LAUNCH_REJECTED
 */
export async function refuseBeyondMaxNumber(client: Client, input: PrepareInput): Promise<void> {
  const { owner, template, count } = input;
  const { templateId, maxNumber } = template;
  if (maxNumber === -1 || count === undefined) return;
  const held = await heldByOthers(client, input, maxNumber - count).catch((error: unknown) => {
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

/** Units that earlier requests with this template have or still launch; not exact where they are `enough` at most. */
async function heldByOthers(
  client: Client,
  { owner: { deployment, provider, requestId }, template }: PrepareInput,
  enough: number,
): Promise<number> {
  const query =
    `TaskQueue = "${taskQueues(deployment, provider).workflows}" AND WorkflowType = "${WORKFLOW.request}" ` +
    `AND ExecutionStatus = "Running" AND HfTemplate = ${JSON.stringify(template.templateId)}`;
  const asked = new Map<string, number>();
  for await (const { workflowId, typedSearchAttributes } of client.workflow.list({ query, pageSize: 1_000 }))
    // Ids of requests begin with the time.
    if (workflowId < requestId) asked.set(workflowId, typedSearchAttributes.get(HF_COUNT) ?? 0);
  const sum = (counts: Iterable<number>): number => [...counts].reduce((total, each) => total + each, 0);
  if (sum(asked.values()) <= enough) return sum(asked.values());
  return sum(
    await inParallel([...asked], async ([workflowId, count]) =>
      client.workflow
        .getHandle(workflowId)
        .query<number>(QUERY.held)
        .catch(() => count),
    ),
  );
}
