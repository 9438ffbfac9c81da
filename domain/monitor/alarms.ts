import type { MonitorState } from './state.ts';

/** What an operator has to look into: the monitor does nothing about it by itself. */
export function alarmsOf(state: MonitorState): string[] {
  const { deployment, provider } = state.input;
  const strange =
    `Machines with the tags of provider '${provider}' of deployment '${deployment}' are alive, and this namespace ` +
    'knows the owner of none: a cloned configuration, or a lost database. They are left alone.';
  return !state.bound && state.ownerless.length > 0 ? [strange] : [];
}
