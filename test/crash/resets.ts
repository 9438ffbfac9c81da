import { strict as assert } from 'node:assert';
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { WorkflowHandle } from '@temporalio/client';
import { ended, requestMachines, returnMachines, type HfMachine } from '../fixtures/stack/hostFactory.ts';
import type { Stack } from '../fixtures/stack/stack.ts';
import { eventually } from '../fixtures/eventually.ts';
import { haveEnded } from './owners.ts';
import { LAUNCH_METHODS } from './launchMethods.ts';

const COUNT = 3;
const PATIENCE_MS = 120_000;

/** A moment to which an operator can reset a workflow in Temporal's Web UI: the end of one workflow task. */
interface Moment {
  readonly runId: string;
  readonly eventId: HistoryEvent['eventId'];
}
type HistoryEvent = NonNullable<Awaited<ReturnType<WorkflowHandle['fetchHistory']>>['events']>[number];

type LaunchMethods = typeof LAUNCH_METHODS;

export type OnReset = (when: string, moment: number, owners: number) => void;

/**
 * Resets the owner of a request for each launch method to each moment of its lifecycle: while it provisions, when it is
 * settled, and again after a machine was returned. Host Factory's machines stay alive, and no other machine is.
 */
export async function resetOwners(
  stack: Stack,
  onReset: OnReset,
  launchMethods: LaunchMethods = LAUNCH_METHODS,
): Promise<void> {
  const { requests, owned } = await request(stack, launchMethods);
  await resetAll(stack, requests, owned.flat(), (...where) => onReset('settled', ...where));

  const first = owned.flatMap((machines) => machines.slice(0, 1));
  const rest = owned.flatMap((machines) => machines.slice(1));
  await complete(stack, await returnMachines(stack, first));
  await resetAll(stack, requests, rest, (...where) => onReset('after a return', ...where));
  await endAll(stack, launchMethods, requests, rest);
}

/** The same after the deadline, when a settled owner may launch nothing more. */
export async function resetAfterDeadline(
  stack: Stack,
  deadlineSeconds: number,
  onReset: OnReset,
): Promise<void> {
  const { requests, owned } = await request(stack, LAUNCH_METHODS);
  await delay(deadlineSeconds * 1_000);
  await resetAll(stack, requests, owned.flat(), (...where) => onReset('after the deadline', ...where));
  await endAll(stack, LAUNCH_METHODS, requests, owned.flat());
}

async function request(stack: Stack, launchMethods: LaunchMethods) {
  const requests = await Promise.all(launchMethods.map(({ api }) => requestMachines(stack, COUNT, api)));
  const owned = await Promise.all(requests.map(async (id) => (await complete(stack, id)).machines));
  return { requests, owned };
}

async function endAll(
  stack: Stack,
  launchMethods: LaunchMethods,
  requests: readonly string[],
  machines: readonly HfMachine[],
): Promise<void> {
  await complete(stack, await returnMachines(stack, machines));
  // An owner that was reset and discovered a group waits a minute for late machines of it.
  await eventually('every owner has ended', () => haveEnded(stack, requests), PATIENCE_MS);
  assert.deepEqual((await stack.simulator.summary()).liveIds, []);
  const made = await stack.simulator.instances();
  for (const { api } of launchMethods) {
    const { length } = made.filter(({ tags }) => tags['ohf:template'] === api);
    assert.equal(length, COUNT, `${api} launched again`);
  }
}

async function resetAll(
  stack: Stack,
  requests: readonly string[],
  believed: readonly HfMachine[],
  onReset: (moment: number, owners: number) => void,
): Promise<void> {
  const lifecycles = await Promise.all(requests.map((id) => momentsOf(stack, id)));
  const ids = believed.map(({ machineId }) => machineId).toSorted();
  const most = Math.max(...lifecycles.map((moments) => moments.length));
  for (let index = 0; index < most; index++) {
    const reset = lifecycles.map((moments, way) => ({
      moment: moments[index],
      requestId: requests[way] ?? '',
    }));
    const answers = await Promise.all(
      reset.map(async ({ moment, requestId }) => {
        if (moment) await resetTo(stack, requestId, moment);
        return complete(stack, requestId);
      }),
    );
    onReset(index + 1, reset.filter(({ moment }) => moment).length);
    const reported = answers.flatMap(({ machines }) => machines.filter(({ result }) => result === 'succeed'));
    const missing = ids.filter((id) => !reported.some(({ machineId }) => machineId === id));
    assert.deepEqual(missing, [], `moment ${index + 1}: answers without machines that Host Factory has`);
    assert.deepEqual((await stack.simulator.summary()).liveIds.toSorted(), ids, `moment ${index + 1}`);
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
    reason: 'reset by an operator',
    requestId: randomUUID(),
    workflowTaskFinishEventId: eventId ?? null,
  });
}

async function complete(stack: Stack, requestId: string) {
  const status = await ended(stack, requestId, PATIENCE_MS);
  assert.equal(status.status, 'complete', status.message);
  return status;
}
