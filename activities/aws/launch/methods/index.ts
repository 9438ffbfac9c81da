import type { AwsClients } from '../../client/clients.ts';
import type { LaunchTemplates } from '../../launchTemplate/launchTemplates.ts';
import type { UnavailableOfferings } from '../unavailableOfferings.ts';
import { createAutoScalingMethod } from './autoScaling.ts';
import { createEc2FleetInstantMethod } from './ec2FleetInstant.ts';
import { createEc2FleetGroupMethod } from './ec2FleetGroup.ts';
import type { LaunchMethods } from './launchMethod.ts';
import { createRunInstancesMethod } from './runInstances.ts';
import { createSpotFleetMethod } from './spotFleet.ts';

export function createLaunchMethods(
  ...dependencies: [AwsClients, LaunchTemplates, UnavailableOfferings]
): LaunchMethods {
  return {
    calls: {
      ec2FleetInstant: createEc2FleetInstantMethod(...dependencies),
      runInstances: createRunInstancesMethod(...dependencies),
    },
    groups: {
      ec2FleetRequest: createEc2FleetGroupMethod('request', ...dependencies),
      ec2FleetMaintain: createEc2FleetGroupMethod('maintain', ...dependencies),
      spotFleetRequest: createSpotFleetMethod('request', ...dependencies),
      spotFleetMaintain: createSpotFleetMethod('maintain', ...dependencies),
      autoScaling: createAutoScalingMethod(...dependencies),
    },
  };
}
