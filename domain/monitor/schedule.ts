import { orphansToAdopt, unacknowledgedToRelease } from './orphans.ts';
import { type MonitorState, lostMachinesToNotify } from './state.ts';

/** Epoch ms of the monitor's next action; undefined if none is due or planned. */
export function nextActionAt(state: MonitorState): number | undefined {
  const isDue =
    lostMachinesToNotify(state).length +
      orphansToAdopt(state).length +
      unacknowledgedToRelease(state).length >
    0;
  let next = isDue ? 0 : Number.POSITIVE_INFINITY;
  for (const { ownershipStatus, queryAfter } of state.unlistedMachines.values())
    if (ownershipStatus === 'unqueried') next = Math.min(next, queryAfter);
  for (const { stage, queryAfter } of state.lostMachines.values())
    if (stage === 'unqueried') next = Math.min(next, queryAfter);
  for (const { nextReadAt } of state.suspects.values()) next = Math.min(next, nextReadAt);
  return next === Number.POSITIVE_INFINITY ? undefined : next;
}
