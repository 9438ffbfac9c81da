import { strict as assert } from 'node:assert';
import { eventually } from '../fixtures/eventually.ts';
import type { Stack } from './stack.ts';

/** Host Factory's side of a conversation: what it keeps of the answers, and nothing else. */
export interface HfMachine {
  readonly machineId: string;
  readonly name: string;
  readonly result: 'executing' | 'succeed' | 'fail';
  readonly status: string;
  readonly privateIpAddress: string;
  readonly launchtime: number;
  readonly message: string;
}
export interface HfStatus {
  readonly requestId: string;
  readonly status: 'running' | 'complete' | 'complete_with_error';
  readonly message: string;
  readonly machines: readonly HfMachine[];
}

export async function requestMachines(stack: Stack, count: number, templateId = 'demo'): Promise<string> {
  const answer = await stack.hf('requestMachines', { template: { templateId, machineCount: count } });
  assert.equal(answer.code, 0, answer.output);
  return idIn(answer.json);
}

export async function returnMachines(stack: Stack, machines: readonly Partial<HfMachine>[]): Promise<string> {
  const answer = await stack.hf('requestReturnMachines', {
    machines: machines.map(({ name, machineId }) => ({ name, machineId })),
  });
  assert.equal(answer.code, 0, answer.output);
  return idIn(answer.json);
}

export async function statusOf(stack: Stack, requestId: string): Promise<HfStatus> {
  const answer = await stack.hf('getRequestStatus', { requests: [{ requestId }] });
  assert.equal(answer.code, 0, answer.output);
  const { requests } = answer.json as { requests: readonly HfStatus[] };
  const [status] = requests;
  assert.equal(requests.length, 1);
  assert.ok(status);
  assert.equal(status.requestId, requestId);
  return status;
}

/** Polls as Host Factory does until the status is terminal. */
export function ended(stack: Stack, requestId: string, withinMs = 60_000): Promise<HfStatus> {
  return eventually(
    `${requestId} is no longer running`,
    async () => {
      const status = await statusOf(stack, requestId);
      return status.status === 'running' ? undefined : status;
    },
    withinMs,
  ).then((status) => {
    assert.ok(status);
    return status;
  });
}

/** Gives all of these back and waits until the return is done; asserts that nothing of the request lives on. */
export async function giveAllBack(stack: Stack, machines: readonly HfMachine[]): Promise<void> {
  const end = await ended(stack, await returnMachines(stack, machines));
  assert.equal(end.status, 'complete', end.message);
  assert.deepEqual((await stack.simulator.summary()).liveIds, []);
}

export interface HfReturnRequest {
  readonly gracePeriod: number;
  readonly machine: string;
  readonly machineId?: string;
}

/** Which of these hosts the provider takes away, as Host Factory asks with its whole list. */
export async function goingOf(
  stack: Stack,
  machines: readonly Partial<HfMachine>[],
): Promise<readonly HfReturnRequest[]> {
  const answer = await stack.hf('getReturnRequests', {
    machines: machines.map(({ name, machineId }) => ({ name, machineId })),
  });
  assert.equal(answer.code, 0, answer.output);
  assert.equal(answer.json['status'], 'complete');
  return (answer.json as { requests: readonly HfReturnRequest[] }).requests;
}

function idIn(json: Record<string, unknown>): string {
  assert.equal(typeof json['requestId'], 'string', JSON.stringify(json));
  return String(json['requestId']);
}
