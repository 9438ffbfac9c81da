import { toAdopt, toReclaim } from './orphans.ts';
import { type MonitorState, toTell } from './state.ts';

/** Epoch ms of the next thing to be done; undefined when there is none. */
export function nextStep(state: MonitorState): number | undefined {
  const atOnce = toTell(state).length + toAdopt(state).length + toReclaim(state).length > 0;
  let next = atOnce ? 0 : Number.POSITIVE_INFINITY;
  for (const { standing, askAt } of state.absences.values())
    if (standing === 'unasked') next = Math.min(next, askAt);
  for (const { stage, askAt } of state.losses.values()) if (stage === 'unasked') next = Math.min(next, askAt);
  for (const { lookAt } of state.doubts.values()) next = Math.min(next, lookAt);
  return next === Number.POSITIVE_INFINITY ? undefined : next;
}
