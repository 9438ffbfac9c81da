import type { Client } from '@temporalio/client';
import { taskQueues } from '../../contract/taskQueues.ts';
import { HF_PROVIDER, HF_REQUEST_TYPE, HF_STATE } from './searchAttributeKeys.ts';
import type { MachineRequestInput } from '../../domain/request/input.ts';
import { adopterId } from '../../domain/request/adopterId.ts';
import type { StatusMemo } from '../../contract/status.ts';
import type { Signal } from '../../contract/definitions.ts';
import { MACHINE_REQUEST } from '../../contract/machineRequest.ts';

interface AdopterSignal<Payload> {
  readonly deployment: string;
  readonly provider: string;
  readonly requestId: string;
  /** Delivered with the start; its payload names the machines to adopt. */
  readonly signal: Signal<Payload>;
  readonly payload: Payload;
  /** Shown in Temporal's Web UI: what started the adopter. */
  readonly startedBy: string;
}

/** Signals the adopter of a request whose owner is closed or lost, and starts it if it does not run (signal-with-start). */
export async function signalAdopter<Payload>(client: Client, input: AdopterSignal<Payload>): Promise<void> {
  const { deployment, provider, requestId, signal, payload, startedBy } = input;
  const adopterInput: MachineRequestInput = {
    v: 1,
    requestId,
    deployment,
    provider,
    createdAt: Date.now(),
    count: 0,
    deadlineSeconds: 0,
  };
  const memo: StatusMemo = { v: 1, status: 'running', message: '' };
  await client.workflow.signalWithStart(MACHINE_REQUEST, {
    workflowId: adopterId(requestId),
    taskQueue: taskQueues(deployment, provider).workflows,
    args: [adopterInput],
    signal,
    signalArgs: [payload],
    memo: { hf: memo },
    typedSearchAttributes: [
      { key: HF_STATE, value: 'settled' },
      { key: HF_PROVIDER, value: provider },
      { key: HF_REQUEST_TYPE, value: 'create' },
    ],
    staticSummary: `adopter of the machines of ${requestId}`,
    staticDetails: `The request's owner closed while machines of it were alive. Started by ${startedBy}.`,
  });
}
