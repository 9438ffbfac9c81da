import { describeImages, describeInstanceTypes, describeSubnets } from './actions/catalogue.ts';
import { describeInstances, describeInstanceStatus } from './actions/describeInstances.ts';
import { deleteFleets, describeFleetHistory, describeFleets, modifyFleet } from './actions/fleetGroups.ts';
import { createFleet } from './actions/fleets.ts';
import {
  createLaunchTemplate,
  deleteLaunchTemplate,
  describeLaunchTemplates,
  describeLaunchTemplateVersions,
} from './actions/launchTemplates.ts';
import { runInstances } from './actions/runInstances.ts';
import {
  cancelSpotFleetRequests,
  describeSpotFleetRequestHistory,
  describeSpotFleetRequests,
  modifySpotFleetRequest,
  requestSpotFleet,
} from './actions/spotFleets.ts';
import { describeSpotInstanceRequests } from './actions/spotRequests.ts';
import { createTags } from './actions/tags.ts';
import { terminateInstances } from './actions/terminateInstances.ts';
import type { Action, Handler } from '../protocol/call.ts';

/** The API version these actions belong to; Auto Scaling is another such table. */
export const ec2Version = '2016-11-15';

// The names are those of the EC2 model, also where the simulator ignores them.
const pagingParameters = 'Filter NextToken MaxResults IncludeManagedResources';
const runInstancesParameters =
  'MaxCount MinCount BlockDeviceMapping ImageId InstanceType Ipv6AddressCount Ipv6Address KernelId KeyName ' +
  'Monitoring Placement RamdiskId SecurityGroupId SecurityGroup SubnetId UserData ElasticGpuSpecification ' +
  'ElasticInferenceAccelerator TagSpecification LaunchTemplate InstanceMarketOptions CreditSpecification CpuOptions ' +
  'CapacityReservationSpecification HibernationOptions LicenseSpecification MetadataOptions EnclaveOptions ' +
  'PrivateDnsNameOptions MaintenanceOptions DisableApiStop EnablePrimaryIpv6 NetworkPerformanceOptions Operator ' +
  'SecondaryInterface DisableApiTermination InstanceInitiatedShutdownBehavior PrivateIpAddress ClientToken ' +
  'AdditionalInfo NetworkInterface IamInstanceProfile EbsOptimized';
const createFleetParameters =
  'LaunchTemplateConfigs TargetCapacitySpecification ClientToken SpotOptions OnDemandOptions ReservedCapacityOptions ' +
  'ExcessCapacityTerminationPolicy TerminateInstancesWithExpiration Type ValidFrom ValidUntil ' +
  'ReplaceUnhealthyInstances TagSpecification Context';

/** The actions of EC2 that are simulated. */
export const ec2Actions: ReadonlyMap<string, Action> = new Map<string, Action>([
  [
    'CreateLaunchTemplate',
    action(
      createLaunchTemplate,
      'LaunchTemplateName LaunchTemplateData ClientToken VersionDescription Operator TagSpecification',
    ),
  ],
  [
    'DescribeLaunchTemplates',
    action(describeLaunchTemplates, `LaunchTemplateId LaunchTemplateName ${pagingParameters}`),
  ],
  [
    'DescribeLaunchTemplateVersions',
    action(
      describeLaunchTemplateVersions,
      'LaunchTemplateId LaunchTemplateName LaunchTemplateVersion MinVersion MaxVersion NextToken MaxResults Filter ' +
        'ResolveAlias',
    ),
  ],
  ['DeleteLaunchTemplate', action(deleteLaunchTemplate, 'LaunchTemplateId LaunchTemplateName')],
  ['CreateFleet', action(createFleet, createFleetParameters)],
  ['DescribeFleets', action(describeFleets, `FleetId ${pagingParameters}`)],
  [
    'ModifyFleet',
    action(
      modifyFleet,
      'FleetId ExcessCapacityTerminationPolicy LaunchTemplateConfig TargetCapacitySpecification Context',
    ),
  ],
  ['DeleteFleets', action(deleteFleets, 'FleetId TerminateInstances')],
  ['DescribeFleetHistory', action(describeFleetHistory, 'FleetId EventType StartTime MaxResults NextToken')],
  ['RequestSpotFleet', action(requestSpotFleet, 'SpotFleetRequestConfig')],
  ['DescribeSpotFleetRequests', action(describeSpotFleetRequests, 'SpotFleetRequestId MaxResults NextToken')],
  [
    'ModifySpotFleetRequest',
    action(
      modifySpotFleetRequest,
      'SpotFleetRequestId TargetCapacity OnDemandTargetCapacity ExcessCapacityTerminationPolicy LaunchTemplateConfig Context',
    ),
  ],
  ['CancelSpotFleetRequests', action(cancelSpotFleetRequests, 'SpotFleetRequestId TerminateInstances')],
  [
    'DescribeSpotFleetRequestHistory',
    action(describeSpotFleetRequestHistory, 'SpotFleetRequestId EventType StartTime MaxResults NextToken'),
  ],
  ['RunInstances', action(runInstances, runInstancesParameters)],
  ['DescribeInstances', action(describeInstances, `InstanceId ${pagingParameters}`)],
  [
    'DescribeInstanceStatus',
    action(describeInstanceStatus, `InstanceId IncludeAllInstances ${pagingParameters}`),
  ],
  ['TerminateInstances', action(terminateInstances, 'InstanceId Force SkipOsShutdown')],
  [
    'DescribeSpotInstanceRequests',
    action(describeSpotInstanceRequests, `SpotInstanceRequestId ${pagingParameters}`),
  ],
  ['CreateTags', action(createTags, 'ResourceId Tag')],
  [
    'DescribeInstanceTypes',
    action(describeInstanceTypes, `InstanceType IncludeUnsupportedInRegion ${pagingParameters}`),
  ],
  ['DescribeSubnets', action(describeSubnets, `SubnetId ${pagingParameters}`)],
  [
    'DescribeImages',
    action(
      describeImages,
      `ExecutableBy ImageId Owner IncludeDeprecated IncludeDisabled ${pagingParameters}`,
    ),
  ],
]);

function action(handler: Handler, parameters: string): Action {
  return { handler, parameters: ['Action', 'Version', 'DryRun', ...parameters.split(' ')] };
}
