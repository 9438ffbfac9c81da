import assert from 'node:assert/strict';
import { WorkflowNotFoundError, type Client } from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';
import { createOwnerDirectory } from '../../../activities/events/readModel/temporalOwners.ts';
import { packMachines } from '../../../domain/machine/packed.ts';
import type { Machine } from '../../../domain/machine/machine.ts';
import { anObservation } from '../../fixtures/builders.ts';
import type { StatusView } from '../../../domain/request/statusView.ts';
import type { CarriedRequestState, MachineRequestInput } from '../../../domain/request/input.ts';

const PAGE = 2;

interface FakeExecution {
  readonly workflowId: string;
  readonly runId: string;
  readonly state: 'RUNNING' | 'COMPLETED' | 'TERMINATED';
  readonly startedAt: number;
  readonly machines: readonly string[];
  readonly carried?: CarriedRequestState;
  /** No worker answers its queries. */
  readonly isSilent?: boolean;
}

const aMachine = (machineId: string): Machine => ({
  ...anObservation(machineId),
  result: 'succeed',
  message: '',
  units: 1,
  release: 'held',
});

/** A Temporal client that has these executions, with the methods that the owner directory calls. */
function fakeClient(executions: readonly FakeExecution[], others: readonly string[] = []): Client {
  const view = ({ machines }: FakeExecution, offset: number, size: number): StatusView => ({
    v: 1,
    status: 'complete',
    message: 'done',
    total: machines.length,
    offset,
    machines: packMachines(machines.slice(offset, offset + size).map(aMachine)),
  });
  const inputOf = ({ workflowId, carried }: FakeExecution): MachineRequestInput => ({
    v: 1,
    requestId: workflowId,
    deployment: 'test',
    provider: 'awsinst',
    createdAt: 1_000,
    count: 3,
    deadlineSeconds: 60,
    ...(carried ? { carriedState: carried } : {}),
  });
  const find = (workflowId: string, runId?: string): FakeExecution => {
    const found = executions.find((one) => one.workflowId === workflowId && (!runId || one.runId === runId));
    if (!found) throw new WorkflowNotFoundError('not found', workflowId, runId);
    return found;
  };
  return {
    options: { namespace: 'default' },
    connection: { withDeadline: <T>(_deadline: number, work: () => Promise<T>) => work() },
    workflowService: {
      async getWorkflowExecutionHistory({ execution }: { execution: { workflowId: string; runId: string } }) {
        const input = inputOf(find(execution.workflowId, execution.runId));
        const payloads = [defaultPayloadConverter.toPayload(input)];
        return {
          history: { events: [{ workflowExecutionStartedEventAttributes: { input: { payloads } } }] },
        };
      },
    },
    workflow: {
      async *list() {
        for (const { workflowId, runId, state, startedAt } of executions) {
          yield {
            ...{ workflowId, runId, status: { name: state }, startTime: new Date(startedAt) },
            closeTime: state === 'RUNNING' ? undefined : new Date(startedAt + 500),
            typedSearchAttributes: { get: () => undefined },
          };
        }
      },
      getHandle: (workflowId: string, runId?: string) => ({
        async query(_name: string, { offset }: { offset: number }) {
          const found = find(workflowId, runId);
          if (found.isSilent) throw new Error('no poller');
          return view(found, offset, PAGE);
        },
        result: async () => view(find(workflowId, runId), 0, Infinity),
        async describe() {
          if (others.includes(workflowId)) return { status: { name: 'RUNNING' } };
          return { status: { name: find(workflowId).state } };
        },
      }),
    },
  } as unknown as Client;
}

const owners = (...parameters: Parameters<typeof fakeClient>) =>
  createOwnerDirectory(fakeClient(...parameters), { deployment: 'test', provider: 'awsinst' });
const running = { state: 'RUNNING', startedAt: 5_000, runId: 'b' } as const;

describe('the owner directory', () => {
  it('each owner is listed once, as its newest execution', async () => {
    const list = await owners([
      { ...running, workflowId: 'req-1', machines: ['i-1'] },
      { workflowId: 'req-1', runId: 'a', state: 'TERMINATED', startedAt: 4_000, machines: ['i-0'] },
    ]).list();
    assert.deepEqual(
      list.map(({ id, isOpen }) => [id, isOpen]),
      [['req-1', true]],
    );
    assert.deepEqual(
      (await list[0]?.readSnapshot())?.machines.map(({ machineId }) => machineId),
      ['i-1'],
    );
  });

  it('an open owner is read page by page, and a completed one from its result', async () => {
    const machines = ['i-1', 'i-2', 'i-3', 'i-4', 'i-5'];
    const list = await owners([
      { ...running, workflowId: 'req-1', machines },
      { workflowId: 'req-2', runId: 'a', state: 'COMPLETED', startedAt: 1, machines, isSilent: true },
    ]).list();
    for (const [index, endedAt] of [0, 501].entries()) {
      const view = await list[index]?.readSnapshot();
      assert.deepEqual(
        view?.machines.map(({ machineId }) => machineId),
        machines,
      );
      assert.deepEqual(
        [view?.status, view?.message, view?.endedAt, view?.queryError],
        ['complete', 'done', endedAt, undefined],
      );
    }
  });

  it('an owner that does not answer is read from the input of its run', async () => {
    const carried: CarriedRequestState = {
      ...{ v: 1, status: 'complete', message: 'kept', cancelled: false, openReturns: [] },
      machines: packMachines([aMachine('i-1')]),
    };
    const list = await owners([
      { ...running, workflowId: 'req-1', machines: ['i-1', 'i-2'], carried, isSilent: true },
      { ...running, workflowId: 'req-2', machines: ['i-3'], isSilent: true },
    ]).list();
    const [settled, provisioning] = await Promise.all(list.map((owner) => owner.readSnapshot()));
    assert.deepEqual(
      [settled?.queryError, settled?.status, settled?.machines.length],
      ['no poller', 'complete', 1],
    );
    assert.deepEqual(
      [provisioning?.queryError, provisioning?.status, provisioning?.machines],
      ['no poller', 'running', []],
    );
  });

  it('an owner is closed if Temporal reports it closed or unknown, unless the server is the wrong one', async () => {
    const executions: FakeExecution[] = [
      { ...running, workflowId: 'req-1', machines: [] },
      { workflowId: 'req-2', runId: 'a', state: 'TERMINATED', startedAt: 1, machines: [] },
    ];
    const ids = ['req-1', 'req-2', 'req-3'];
    assert.deepEqual(await owners(executions, ['fleet-test-awsinst']).filterClosed(ids), ['req-2', 'req-3']);
    assert.deepEqual(await owners(executions).filterClosed(ids), []);
  });
});
