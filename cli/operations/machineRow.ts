import type { Machine } from '../../domain/machine/machine.ts';

/** A machine with the fields and their order of IBM's own provider, whose output Host Factory accepts. */
export function machineRow(machine: Machine): object {
  return {
    machineId: machine.machineId,
    name: machine.name,
    result: machine.result,
    status: hfState(machine),
    privateIpAddress: machine.privateIp,
    publicIpAddress: machine.publicIp || null,
    launchtime: machine.launchTime,
    instanceType: machine.instanceType,
    priceType: machine.spot ? 'spot' : 'ondemand',
    instanceTags: '',
    cloudHostId: null,
    message: machine.message,
  };
}

/** Host Factory has no state for a machine that AWS does not show (yet, or any more). */
function hfState({ state, result }: Machine): string {
  if (state !== 'absent') return state;
  return result === 'executing' ? 'pending' : 'terminated';
}
