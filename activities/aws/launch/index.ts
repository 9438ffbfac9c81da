import type { AwsClients } from '../client/clients.ts';
import type { LaunchTemplates } from '../launchTemplate/launchTemplates.ts';
import type { ShortageMemory } from './unavailableOfferings.ts';
import { autoScaling } from './autoScaling.ts';
import { ec2FleetInstant } from './ec2Fleet.ts';
import { ec2FleetGroup } from './ec2FleetGroup.ts';
import type { Managers } from './launchMethod.ts';
import { runInstances } from './runInstances.ts';
import { spotFleet } from './spotFleet.ts';

export function createManagers(...on: [AwsClients, LaunchTemplates, ShortageMemory]): Managers {
  return {
    calls: { ec2FleetInstant: ec2FleetInstant(...on), runInstances: runInstances(...on) },
    groups: {
      ec2FleetRequest: ec2FleetGroup('request', ...on),
      ec2FleetMaintain: ec2FleetGroup('maintain', ...on),
      spotFleetRequest: spotFleet('request', ...on),
      spotFleetMaintain: spotFleet('maintain', ...on),
      autoScaling: autoScaling(...on),
    },
  };
}
