import type { Client } from '@temporalio/client';
import { WORKFLOW, type StatusMemo } from '../../contract/messages.ts';
import { taskQueues } from '../../contract/taskQueues.ts';
import { HF_PROVIDER, HF_REQUEST_TYPE, HF_STATE } from './searchAttributeKeys.ts';
import type { MachineRequestInput } from '../../domain/request/input.ts';
import { adopterId } from '../../domain/request/adopterId.ts';

interface AdopterSignal {
  readonly deployment: string;
  readonly provider: string;
  readonly requestId: string;
  /** Delivered with the start; its payload names the machines to adopt. */
  readonly signal: string;
  readonly argument: object;
  /** Shown in Temporal's Web UI: what started the adopter. */
  readonly startedBy: string;
}

/** Signals the adopter of a request whose owner is closed or lost, and starts it if it does not run (signal-with-start). */
export async function signalAdopter(client: Client, input: AdopterSignal): Promise<void> {
  const { deployment, provider, requestId, signal, argument, startedBy } = input;
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
  await client.workflow.signalWithStart(WORKFLOW.request, {
    workflowId: adopterId(requestId),
    taskQueue: taskQueues(deployment, provider).workflows,
    args: [adopterInput],
    signal,
    signalArgs: [argument],
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
