import { defineSearchAttributeKey } from '@temporalio/common';
import {
  setCurrentDetails,
  upsertMemo,
  upsertSearchAttributes,
  workflowInfo,
  type ContinueAsNewOptions,
} from '@temporalio/workflow';
import { alive, deadlineOf, machinesWhere, type RequestState } from '../domain/request/state.ts';
import type { StatusMemo } from '../domain/shared/messages.ts';

/** Everything by which an operator sees in Temporal's Web UI what goes on, without reading events. */
const HF_STATE = defineSearchAttributeKey('HfState', 'KEYWORD');

type HfState = 'holding' | 'returned' | 'cancelled';

/** Upserts on a transition only: each costs events and load on the server's visibility store. */
export function tellState(state: RequestState, hfState: HfState): void {
  if (hfState === 'holding') upsertMemo({ hf: memoOf(state) });
  upsertSearchAttributes([{ key: HF_STATE, value: hfState }]);
}

/** The next run starts with what it would else have to upsert: the old run's memo would be lost to it. */
export function carriedVisibility(
  state: RequestState,
): Pick<ContinueAsNewOptions, 'memo' | 'typedSearchAttributes'> {
  const { memo, typedSearchAttributes } = workflowInfo();
  return {
    memo: { ...memo, hf: memoOf(state) },
    typedSearchAttributes: typedSearchAttributes.updateCopy([{ key: HF_STATE, value: 'holding' }]),
  };
}

function memoOf(state: RequestState): StatusMemo {
  return { v: 1, status: state.status, message: state.message.slice(0, 500) };
}

export function tellReturned(): void {
  upsertSearchAttributes([{ key: HF_STATE, value: 'returned' }]);
}

export function showState(state: RequestState): void {
  const count = (test: Parameters<typeof machinesWhere>[1]): number => machinesWhere(state, test).length;
  const rows: (readonly [string, string | number])[] = [
    ['wanted', state.input.count],
    ['ready', count((machine) => machine.result === 'succeed')],
    ['booting', count((machine) => machine.result === 'executing')],
    ['failed', count((machine) => machine.result === 'fail')],
    ['owned now', alive(state).length],
    ['being released', count((machine) => machine.release === 'asked' || machine.release === 'wanted')],
    ['refused by AWS', count((machine) => machine.release === 'refused')],
    ['launch deadline', new Date(deadlineOf(state.input)).toISOString()],
  ];
  const { count: wanted, template, provider, requestId } = state.input;
  setCurrentDetails(
    [
      // The summary given at the start is lost when the workflow continues as new; this is not.
      template
        ? `### ${wanted} x ${template.templateId} for ${provider}`
        : `### adopter of machines of ${requestId}`,
      `**${state.phase}**, Host Factory sees \`${state.status}\`${state.cancelled ? ', cancelled' : ''}`,
      state.message,
      '| machines | |\n|---|---|\n' + rows.map(([name, value]) => `| ${name} | ${value} |`).join('\n'),
      ...state.shortages.slice(-5).map((shortage) => `- short: ${shortage.pool} ${shortage.code}`),
      ...(state.fatal ? [`- stopped launching: ${state.fatal.code}: ${state.fatal.message}`] : []),
    ]
      .filter((line) => line !== '')
      .join('\n\n'),
  );
}
