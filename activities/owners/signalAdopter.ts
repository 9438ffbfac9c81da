import type { Client } from '@temporalio/client';
import { defineSearchAttributeKey } from '@temporalio/common';
import { WORKFLOW, type StatusMemo } from '../../contract/messages.ts';
import { taskQueues } from '../../contract/taskQueues.ts';
import type { MachineRequestInput } from '../../domain/request/input.ts';
import { adopterId } from '../../domain/request/adopterId.ts';

interface AdopterSignal {
  readonly deployment: string;
  readonly provider: string;
  readonly requestId: string;
  /** What the adopter hears first; it must name the machines. */
  readonly signal: string;
  readonly argument: object;
  /** For people: who started it. */
  readonly startedBy: string;
}

/** Signals the one adopter of a request whose owner is closed or lost; starts it where there is none. */
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
      { key: defineSearchAttributeKey('HfState', 'KEYWORD'), value: 'settled' },
      { key: defineSearchAttributeKey('HfProvider', 'KEYWORD'), value: provider },
      { key: defineSearchAttributeKey('HfRequestType', 'KEYWORD'), value: 'create' },
    ],
    staticSummary: `adopter of machines of ${requestId}`,
    staticDetails: `Its owner was closed while machines of it were alive. Started by ${startedBy}.`,
  });
}
