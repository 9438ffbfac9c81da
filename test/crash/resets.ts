import { strict as assert } from 'node:assert';
import { randomUUID } from 'node:crypto';
import type { WorkflowHandle } from '@temporalio/client';
import { ended, requestMachines, returnMachines, type HfMachine } from '../e2e/hostFactory.ts';
import type { Stack } from '../e2e/stack.ts';
import { eventually } from '../fixtures/eventually.ts';
import { WAYS } from './ways.ts';

const COUNT = 3;
const PATIENCE_MS = 120_000;

/** A moment of a workflow to which somebody resets it in Temporal's Web UI: the end of one workflow task. */
interface Moment {
  readonly runId: string;
  readonly eventId: HistoryEvent['eventId'];
}
type HistoryEvent = NonNullable<Awaited<ReturnType<WorkflowHandle['fetchHistory']>>['events']>[number];

export interface Resets {
  /** Of the moments of a life, only every so manieth. */
  readonly every?: number;
  readonly onReset?: (when: string, moment: number, owners: number) => void;
}

/**
 * Resets the owner of a request for every way to get machines to each moment of its life: of its launching, of its
 * holding, and again after a machine was given back. What Host Factory believes in lives on, and nothing beside it.
 */
export async function resetOwners(
  stack: Stack,
  { every = 1, onReset = () => {} }: Resets = {},
): Promise<void> {
  const requests = await Promise.all(WAYS.map(({ api }) => requestMachines(stack, COUNT, api)));
  const owned = await Promise.all(requests.map(async (id) => (await complete(stack, id)).machines));
  await atEachMoment('holding', owned.flat());

  const first = owned.flatMap((machines) => machines.slice(0, 1));
  const rest = owned.flatMap((machines) => machines.slice(1));
  await complete(stack, await returnMachines(stack, first));
  await atEachMoment('after a return', rest);

  await complete(stack, await returnMachines(stack, rest));
  await eventually('every owner has ended', async () => {
    const states = await Promise.all(
      requests.map(async (id) => (await stack.temporal.workflow.getHandle(id).describe()).status.name),
    );
    return states.every((state) => state === 'COMPLETED');
  });
  assert.deepEqual((await stack.simulator.summary()).liveIds, []);
  const made = await stack.simulator.instances();
  for (const { api } of WAYS) {
    assert.equal(
      made.filter(({ tags }) => tags['ohf:template'] === api).length,
      COUNT,
      `${api} launched again`,
    );
  }

  async function atEachMoment(when: string, believed: readonly HfMachine[]): Promise<void> {
    const lives = await Promise.all(requests.map((id) => momentsOf(stack, id)));
    const most = Math.max(...lives.map((moments) => moments.length));
    for (let index = 0; index < most; index += every) {
      const reset = lives.map((moments, way) => ({ moment: moments[index], requestId: requests[way] ?? '' }));
      await Promise.all(
        reset.map(async ({ moment, requestId }) => {
          if (!moment) return;
          await resetTo(stack, requestId, moment);
          await complete(stack, requestId);
        }),
      );
      onReset(when, index + 1, reset.filter(({ moment }) => moment).length);
      const ids = believed.map(({ machineId }) => machineId).toSorted();
      assert.deepEqual(
        (await stack.simulator.summary()).liveIds.toSorted(),
        ids,
        `${when}, moment ${index + 1}`,
      );
    }
  }
}

/** Of the newest run of a workflow and of those that it continues, the oldest first. */
async function momentsOf(stack: Stack, workflowId: string): Promise<Moment[]> {
  const moments: Moment[] = [];
  let { runId } = await stack.temporal.workflow.getHandle(workflowId).describe();
  while (runId) {
    const { events } = await stack.temporal.workflow.getHandle(workflowId, runId).fetchHistory();
    const tasks = (events ?? []).filter((event) => event.workflowTaskCompletedEventAttributes);
    moments.unshift(...tasks.map(({ eventId }): Moment => ({ runId, eventId })));
    runId = events?.[0]?.workflowExecutionStartedEventAttributes?.continuedExecutionRunId ?? '';
  }
  return moments;
}

async function resetTo(stack: Stack, workflowId: string, { runId, eventId }: Moment): Promise<void> {
  await stack.temporal.workflowService.resetWorkflowExecution({
    namespace: 'default',
    workflowExecution: { workflowId, runId },
    reason: 'by hand',
    requestId: randomUUID(),
    workflowTaskFinishEventId: eventId ?? null,
  });
}

async function complete(stack: Stack, requestId: string) {
  const status = await ended(stack, requestId, PATIENCE_MS);
  assert.equal(status.status, 'complete', status.message);
  return status;
}
