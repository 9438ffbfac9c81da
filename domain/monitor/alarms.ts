import { nameOf, type MonitorState } from './state.ts';

/** What an operator has to look into: the monitor does nothing about it by itself. */
export function alarmsOf(state: MonitorState): string[] {
  const { deployment, provider } = state.input;
  const strange =
    `Machines with the tags of provider '${provider}' of deployment '${deployment}' are alive, and this namespace ` +
    'knows the owner of none: a cloned configuration, or a lost database. They are left alone.';
  return [...(!state.bound && state.ownerless.length > 0 ? [strange] : []), ...misnamed(state)];
}

/** Symphony then takes the hosts for ones that never joined, and gives them back to get others. */
function misnamed(state: MonitorState): string[] {
  const [first] = state.misnamed;
  if (!first) return [];
  const [machineId, name] = first;
  return [
    `Host Factory has other names than it was told for ${state.misnamed.size} machines, e.g. '${name}' for ${machineId}, ` +
      `which was reported as '${nameOf(state, machineId)}': see provider.aws.hostName.`,
  ];
}
