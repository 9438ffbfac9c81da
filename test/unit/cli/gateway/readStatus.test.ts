import assert from 'node:assert/strict';
import { readStatus } from '../../../../cli/gateway/readStatus.ts';
import type { WorkflowDescription, QueryAnswer } from '../../../../cli/gateway/gateway.ts';
import type { Machine } from '../../../../domain/machine/machine.ts';
import { packMachines } from '../../../../domain/machine/packed.ts';
import { createdAtOf, type RequestId } from '../../../../contract/ids.ts';
import { failure } from '../../../fixtures/scratch.ts';
import { temporal } from '../../../fixtures/commandLine.ts';
import type { RequestStatus } from '../../../../domain/machine/machine.ts';
import type { StatusView } from '../../../../domain/request/statusView.ts';
import type { MachineRequestInput } from '../../../../domain/request/input.ts';
import { UnavailableError } from '../../../../domain/errors/errors.ts';

const ID: RequestId = 'req-01989c9e-7a0b-7c3d-9e4f-0123456789ab';
const LATER = createdAtOf(ID) + 3_600_000;

const machine = (number: number): Machine => ({
  machineId: `i-${number}`,
  name: `ip-10-0-0-${number}.ec2.internal`,
  privateIp: `10.0.0.${number}`,
  publicIp: '',
  launchTime: 1_734_619_942,
  instanceType: 'm5.large',
  spot: false,
  state: 'running',
  reason: '',
  result: 'succeed',
  message: '',
  units: 1,
  release: 'held',
});
const machines = [1, 2, 3].map(machine);

const view = (status: RequestStatus, offset: number, size: number, total = machines.length): StatusView => ({
  v: 1,
  status,
  message: status,
  total,
  offset,
  machines: packMachines(machines.slice(offset, offset + size)),
});
const viewed = (...args: Parameters<typeof view>): QueryAnswer => ({ kind: 'reply', reply: view(...args) });

const described = (changes: Partial<WorkflowDescription> = {}): WorkflowDescription => ({
  runId: 'run',
  startedAt: 0,
  isOpen: true,
  isCompleted: false,
  statusName: 'RUNNING',
  memo: { v: 1, status: 'running', message: 'so far' },
  ...changes,
});

const input = (carried: boolean): MachineRequestInput => ({
  v: 1,
  requestId: ID,
  deployment: 'd',
  provider: 'p',
  createdAt: 0,
  count: 3,
  deadlineSeconds: 900,
  ...(carried
    ? {
        carriedState: {
          v: 1,
          status: 'complete',
          message: 'carried',
          cancelled: false,
          machines: packMachines(machines),
          openReturns: [],
        },
      }
    : {}),
});

const ours = { deployment: 'd', provider: 'p', assertNothingAlive: () => Promise.resolve() };
const otherProvider = { ...ours, provider: 'q' };
const noAnswer = { query: () => Promise.resolve({ kind: 'unanswered' } as const) };
const closed = { query: () => Promise.resolve({ kind: 'closed' } as const) };

describe('the status of a request', () => {
  it('the status is read from the workflow page by page', async () => {
    const calls = temporal({
      query: (_id, _query, page) => Promise.resolve(viewed('complete', Number(Object.values(page)[0]), 2)),
    });
    const status = await readStatus(calls, ID, LATER, ours);
    assert.deepEqual(status, { status: 'complete', message: 'complete', machines });
  });

  it('the status is read again if the workflow changes between two pages', async () => {
    const answers = [
      viewed('running', 0, 2, 2 + 1),
      viewed('complete', 2, 2),
      viewed('complete', 0, 2),
      viewed('complete', 2, 2),
    ];
    const calls = temporal({ query: () => Promise.resolve(answers.shift() ?? { kind: 'unanswered' }) });
    assert.deepEqual((await readStatus(calls, ID, LATER, ours)).machines, machines);
  });

  it('the status is running without machines if no worker answers and the memo has running', async () => {
    const calls = temporal({
      ...noAnswer,
      describe: () => Promise.resolve(described()),
      readInput: () => Promise.resolve(input(false)),
    });
    assert.deepEqual(await readStatus(calls, ID, LATER, ours), {
      status: 'running',
      message: 'so far',
      machines: [],
    });
  });

  it('the status of a settled owner is read from its carried state if no worker answers', async () => {
    const memo = { v: 1, status: 'complete', message: 'memo' } as const;
    const calls = temporal({
      ...noAnswer,
      describe: () => Promise.resolve(described({ memo })),
      readInput: (id, runId) => Promise.resolve(id === ID && runId === 'run' ? input(true) : input(false)),
    });
    const status = await readStatus(calls, ID, LATER, ours);
    assert.deepEqual(status, { status: 'complete', message: 'carried', machines });
  });

  it('the status of an owner that has just settled is read from its memo if no worker answers, and is acknowledged', async () => {
    const memo = { v: 1, status: 'complete', message: 'memo', machines: packMachines(machines) } as const;
    const calls = temporal({
      ...noAnswer,
      describe: () => Promise.resolve(described({ memo })),
      readInput: () => Promise.resolve(input(false)),
    });
    const status = await readStatus(calls, ID, LATER, ours);
    const unacknowledged = machines
      .filter(({ result }) => result === 'succeed')
      .map(({ machineId }) => machineId);
    assert.deepEqual(status, { status: 'complete', message: 'memo', machines, unacknowledged });
  });

  it('reading the status fails if the owner is settled but its machines cannot be read', async () => {
    const memo = { v: 1, status: 'complete', message: '' } as const;
    const calls = temporal({
      ...noAnswer,
      describe: () => Promise.resolve(described({ memo })),
      readInput: () => Promise.resolve(input(false)),
    });
    assert.match(
      await failure(readStatus(calls, ID, LATER, ours)),
      /^UnavailableError: No worker answers for req-/,
    );
  });

  it('the status of a completed workflow is its result', async () => {
    const calls = temporal({
      ...closed,
      describe: () =>
        Promise.resolve(described({ isOpen: false, isCompleted: true, statusName: 'COMPLETED' })),
      readInput: () => Promise.resolve(input(true)),
      readResult: () => Promise.resolve(view('complete', 0, 3)),
    });
    assert.deepEqual((await readStatus(calls, ID, LATER, ours)).machines, machines);
  });

  for (const statusName of ['TERMINATED', 'CANCELLED', 'FAILED', 'TIMED_OUT']) {
    it(`the status is complete_with_error if the workflow is ${statusName}`, async () => {
      const calls = temporal({
        ...closed,
        describe: () => Promise.resolve(described({ isOpen: false, statusName })),
        readInput: () => Promise.resolve(input(false)),
      });
      const status = await readStatus(calls, ID, LATER, ours);
      assert.equal(status.status, 'complete_with_error');
      assert.match(status.message, new RegExp(statusName));
    });
  }

  it('the status that Host Factory has read stays if a settled owner is terminated', async () => {
    const calls = temporal({
      ...closed,
      describe: () => Promise.resolve(described({ isOpen: false, statusName: 'TERMINATED' })),
      readInput: () => Promise.resolve(input(true)),
    });
    assert.equal((await readStatus(calls, ID, LATER, ours)).status, 'complete');
  });

  it('the status of an unknown id is running for two minutes, then complete_with_error', async () => {
    const calls = temporal({ query: () => Promise.resolve({ kind: 'notFound' }) });
    const young = await readStatus(calls, ID, createdAtOf(ID) + 119_000, ours);
    const old = await readStatus(calls, ID, createdAtOf(ID) + 121_000, ours);
    assert.deepEqual([young.status, old.status], ['running', 'complete_with_error']);
    assert.match(old.message, /Unknown request/);
  });

  it('reading the status fails if something of an unknown request may be alive', async () => {
    const calls = temporal({
      query: () => Promise.resolve({ kind: 'notFound' }),
      describe: () => Promise.resolve(undefined),
    });
    const unsure = { ...ours, assertNothingAlive: () => Promise.reject(new UnavailableError('alive')) };
    assert.equal(await failure(readStatus(calls, ID, LATER, unsure)), 'UnavailableError: alive');
  });

  it('a request of another provider is unknown, whichever source has its status', async () => {
    const scope = { deployment: 'd', provider: 'p' };
    const sources = [
      temporal({
        query: () => Promise.resolve({ kind: 'reply', reply: { ...view('complete', 0, 3), ...scope } }),
      }),
      temporal({
        ...noAnswer,
        describe: () => Promise.resolve(described()),
        readInput: () => Promise.resolve(input(false)),
      }),
      temporal({
        ...closed,
        describe: () => Promise.resolve(described({ isOpen: false, isCompleted: true })),
        readInput: () => Promise.resolve(input(true)),
      }),
    ];
    for (const calls of sources) {
      const { status, message, machines: shown } = await readStatus(calls, ID, LATER, otherProvider);
      assert.deepEqual([status, shown], ['complete_with_error', []]);
      assert.match(message, /Unknown request/);
    }
  });

  for (const id of ['', 'x', 'sfr-1', 'req-1', 'req-01989c9e-7a0b-4c3d-9e4f-0123456789ab']) {
    it(`the status of '${id}', which is not an id of ours, is complete_with_error`, async () => {
      const status = await readStatus(temporal({}), id, LATER, ours);
      assert.deepEqual([status.status, status.machines], ['complete_with_error', []]);
    });
  }

  it('reading the status fails if Temporal does not answer', async () => {
    const calls = temporal({ ...noAnswer, describe: () => Promise.reject(new Error('down')) });
    assert.match(await failure(readStatus(calls, ID, LATER, ours)), /down/);
  });
});
