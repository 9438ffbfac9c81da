import { defineSearchAttributeKey } from '@temporalio/common';
import {
  setCurrentDetails,
  upsertMemo,
  upsertSearchAttributes,
  workflowInfo,
  type ContinueAsNewOptions,
} from '@temporalio/workflow';
import { packMachines } from '../../domain/machine/packed.ts';
import { deadlineOf, type RequestState } from '../../domain/request/state.ts';
import type { StatusMemo } from '../../contract/status.ts';

const HF_STATE = defineSearchAttributeKey('HfState', 'KEYWORD');

/** Upserts on a transition only: each costs events and load on the server's visibility store. */
export function setHfState(hfState: 'settled' | 'returned' | 'cancelled'): void {
  upsertSearchAttributes([{ key: HF_STATE, value: hfState }]);
}

/** Temporal returns the memo with every list, so it holds no more machines. */
const MAX_MACHINES_IN_MEMO = 200;

export const fitsInMemo = ({ machines }: RequestState): boolean => machines.size <= MAX_MACHINES_IN_MEMO;

export function recordSettled(state: RequestState): void {
  const machines = fitsInMemo(state) ? { machines: packMachines([...state.machines.values()]) } : {};
  upsertMemo({ hf: { ...memoOf(state), ...machines } });
  setHfState(hfStateWhileOpen(state));
}

const hfStateWhileOpen = ({ cancelled }: RequestState) => (cancelled ? 'cancelled' : 'settled');

/** Memo and search attributes with which the next run starts, so that it does not have to upsert them. */
export function nextRunVisibility(
  state: RequestState,
): Pick<ContinueAsNewOptions, 'memo' | 'typedSearchAttributes'> {
  const { memo, typedSearchAttributes } = workflowInfo();
  return {
    memo: { ...memo, hf: memoOf(state) },
    typedSearchAttributes: typedSearchAttributes.updateCopy([
      { key: HF_STATE, value: hfStateWhileOpen(state) },
    ]),
  };
}

function memoOf(state: RequestState): StatusMemo {
  return { v: 1, status: state.status, message: state.message.slice(0, 500) };
}

const RESULT_ROW = { succeed: 'ready', executing: 'booting', fail: 'failed' } as const;

export function updateDetails(state: RequestState): void {
  const counts = { ready: 0, booting: 0, failed: 0, owned: 0, releasing: 0, refused: 0 };
  // One pass: this runs at every change, also of a request for 10,000 machines.
  for (const { result, release } of state.machines.values()) {
    counts[RESULT_ROW[result]] += 1;
    if (release !== 'terminated') counts.owned += 1;
    if (release === 'terminating' || release === 'pendingRelease') counts.releasing += 1;
    if (release === 'refused') counts.refused += 1;
  }
  const rows: (readonly [string, string | number])[] = [
    ['wanted', state.input.count],
    ['ready', counts.ready],
    ['booting', counts.booting],
    ['failed', counts.failed],
    ['owned now', counts.owned],
    ['being released', counts.releasing],
    ['refused by AWS', counts.refused],
    ['launch deadline', new Date(deadlineOf(state.input)).toISOString()],
  ];
  const { count: requested, template, provider, requestId } = state.input;
  setCurrentDetails(
    [
      // The summary given at the start is lost when the workflow continues as new; this is not.
      template
        ? `### ${requested} x ${template.templateId} for ${provider}`
        : `### adopter of machines of ${requestId}`,
      `**${state.phase}**, Host Factory sees \`${state.status}\`${state.cancelled ? ', cancelled' : ''}`,
      state.message,
      '| machines | |\n|---|---|\n' + rows.map(([name, value]) => `| ${name} | ${value} |`).join('\n'),
      ...state.shortages.slice(-5).map((shortage) => `- short: ${shortage.offering} ${shortage.code}`),
      ...(state.fatalError
        ? [`- stopped launching: ${state.fatalError.code}: ${state.fatalError.message}`]
        : []),
    ]
      .filter((line) => line !== '')
      .join('\n\n'),
  );
}
