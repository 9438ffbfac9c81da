import type { Machine, Observation, RequestStatus } from '../machine/machine.ts';
import { packMachines } from '../machine/packed.ts';
import { STATUS_PAGE_SIZE, type StatusView } from '../request/statusView.ts';
import type { ReturnOutcome } from '../request/returns.ts';
import type { MachineReturnInput } from './input.ts';
import type { Delivery } from './delivery.ts';

/** One machine that Host Factory returns, in the order of its list. */
export interface ReturnItem extends Machine {
  readonly index: number;
  /** Epoch ms of the first read that lacked it; 0 if none did. */
  readonly absentSince: number;
  /** Epoch ms of the first signal to its owner; 0 if none was sent. */
  readonly signalledAt: number;
}

export interface ReturnState {
  readonly input: MachineReturnInput;
  readonly items: readonly ReturnItem[];
  /** Owners' answers by machineId. An answer may arrive before the result of the delivery that it answers. */
  readonly outcomes: ReadonlyMap<string, Outcome>;
}
type Outcome = ReturnOutcome['machines'][number];

/**
 * A machine that a complete read lacks counts as terminated only when another read, this much later, lacks it too: a
 * new instance may take minutes to be visible everywhere, and AWS hides terminated ones after an hour.
 */
export const ABSENCE_CONFIRMATION_MS = 20 * 60_000;

export function initialReturnState(input: MachineReturnInput): ReturnState {
  const items = input.machines.map((machine, index): ReturnItem => ({
    index,
    machineId: machine.machineId ?? '',
    name: machine.name ?? '',
    state: 'running',
    privateIp: '',
    publicIp: '',
    launchTime: 0,
    instanceType: '',
    spot: false,
    reason: '',
    result: 'executing',
    message: '',
    units: 1,
    release: 'pendingRelease',
    absentSince: 0,
    signalledAt: 0,
  }));
  return { input, items, outcomes: new Map() };
}

export const undecidedItems = (state: ReturnState): readonly ReturnItem[] =>
  state.items.filter((item) => item.result === 'executing');

/** @param now epoch ms */
export function applyDeliveries(
  state: ReturnState,
  deliveries: readonly Delivery[],
  now: number,
): ReturnState {
  const byIndex = new Map(deliveries.map((delivery) => [delivery.index, delivery]));
  const items = state.items.map((item) => {
    const delivery = byIndex.get(item.index);
    return delivery && item.result === 'executing' ? applyDelivery(item, delivery, now) : item;
  });
  return applyOutcomes({ ...state, items });
}

/**
 * When an owner is open but has not answered for this long, it may be stuck. The return then terminates the machines
 * itself, because Host Factory returned them in any case.
 */
export const OWNER_SILENCE_MS = 10 * 60_000;

export const itemsWithSilentOwner = (state: ReturnState, now: number): readonly ReturnItem[] =>
  undecidedItems(state).filter(({ signalledAt }) => signalledAt > 0 && now - signalledAt >= OWNER_SILENCE_MS);

export function applyOutcome(state: ReturnState, outcome: ReturnOutcome): ReturnState {
  const outcomes = new Map(state.outcomes);
  for (const machine of outcome.machines) outcomes.set(machine.machineId, machine);
  return applyOutcomes({ ...state, outcomes });
}

function applyDelivery(item: ReturnItem, delivery: Delivery, now: number): ReturnItem {
  const observed = mergeObservation(item, delivery.observation);
  switch (delivery.kind) {
    case 'signalled':
      return {
        ...observed,
        machineId: delivery.machineId,
        absentSince: 0,
        signalledAt: item.signalledAt || now,
      };
    case 'terminated':
      return succeedItem({ ...observed, machineId: delivery.machineId });
    case 'absent': {
      const absentSince = item.absentSince || now;
      const absent = { ...observed, machineId: delivery.machineId, absentSince };
      return now - absentSince < ABSENCE_CONFIRMATION_MS ? absent : succeedItem(absent);
    }
    case 'rejected':
      return { ...observed, result: 'fail', message: delivery.message };
  }
}

function applyOutcomes(state: ReturnState): ReturnState {
  const items = state.items.map((item) => {
    const outcome = state.outcomes.get(item.machineId);
    if (!outcome || item.result !== 'executing') return item;
    return outcome.result === 'succeed'
      ? succeedItem(item)
      : { ...item, result: 'fail' as const, message: outcome.message };
  });
  return { ...state, items };
}

export function returnStatus(state: ReturnState, offset = 0, size = STATUS_PAGE_SIZE): StatusView {
  const failedCount = state.items.filter((item) => item.result === 'fail').length;
  const undecidedCount = undecidedItems(state).length;
  const status: RequestStatus =
    undecidedCount > 0 ? 'running' : failedCount > 0 ? 'complete_with_error' : 'complete';
  const { deployment, provider } = state.input;
  return {
    v: 1,
    deployment,
    provider,
    status,
    message: returnMessage(state.items.length, undecidedCount, failedCount),
    total: state.items.length,
    offset,
    machines: packMachines(state.items.slice(offset, offset + size)),
  };
}

function returnMessage(total: number, undecidedCount: number, failedCount: number): string {
  if (total === 0) return 'No Active VM.';
  if (undecidedCount > 0) return `${total - undecidedCount} of ${total} machines are released.`;
  return failedCount > 0 ? `${failedCount} of ${total} machines could not be released.` : '';
}

function mergeObservation(item: ReturnItem, observation: Observation | undefined): ReturnItem {
  if (!observation) return item;
  return {
    ...item,
    ...observation,
    state: observation.state === 'absent' ? item.state : observation.state,
    // Host Factory expects the names that it sent, and a terminated instance has none.
    name: item.name || observation.name,
    privateIp: observation.privateIp || item.privateIp,
  };
}

const succeedItem = (item: ReturnItem): ReturnItem => ({
  ...item,
  state: 'terminated',
  result: 'succeed',
  message: '',
  release: 'terminated',
});
