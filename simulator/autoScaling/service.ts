import type { Action, Handler } from '../protocol/call.ts';
import { children, element } from '../protocol/xml.ts';
import type { Xml } from '../protocol/xml.ts';
import {
  createAutoScalingGroup,
  deleteAutoScalingGroup,
  describeAutoScalingGroups,
  describeScalingActivities,
  detachInstances,
  resumeProcesses,
  setDesiredCapacity,
  setInstanceProtection,
  suspendProcesses,
  terminateInstanceInGroup,
  updateAutoScalingGroup,
} from './actions.ts';

export const autoScalingVersion = '2011-01-01';

const groupParameters =
  'AutoScalingGroupName LaunchTemplate MixedInstancesPolicy MinSize MaxSize DesiredCapacity DefaultCooldown ' +
  'AvailabilityZones HealthCheckType HealthCheckGracePeriod VPCZoneIdentifier TerminationPolicies ' +
  'NewInstancesProtectedFromScaleIn ServiceLinkedRoleARN MaxInstanceLifetime CapacityRebalance DesiredCapacityType ' +
  'DefaultInstanceWarmup InstanceMaintenancePolicy PlacementGroup';

/** The actions of Auto Scaling that are simulated. */
export const autoScalingActions: ReadonlyMap<string, Action> = new Map<string, Action>([
  ['CreateAutoScalingGroup', action(createAutoScalingGroup, `${groupParameters} Tags`)],
  ['UpdateAutoScalingGroup', action(updateAutoScalingGroup, groupParameters)],
  ['SetDesiredCapacity', action(setDesiredCapacity, 'AutoScalingGroupName DesiredCapacity HonorCooldown')],
  ['SuspendProcesses', action(suspendProcesses, 'AutoScalingGroupName ScalingProcesses')],
  ['ResumeProcesses', action(resumeProcesses, 'AutoScalingGroupName ScalingProcesses')],
  [
    'SetInstanceProtection',
    action(setInstanceProtection, 'AutoScalingGroupName InstanceIds ProtectedFromScaleIn'),
  ],
  [
    'DetachInstances',
    action(detachInstances, 'AutoScalingGroupName InstanceIds ShouldDecrementDesiredCapacity'),
  ],
  [
    'TerminateInstanceInAutoScalingGroup',
    action(terminateInstanceInGroup, 'InstanceId ShouldDecrementDesiredCapacity'),
  ],
  ['DeleteAutoScalingGroup', action(deleteAutoScalingGroup, 'AutoScalingGroupName ForceDelete')],
  [
    'DescribeAutoScalingGroups',
    action(describeAutoScalingGroups, 'AutoScalingGroupNames MaxRecords NextToken Filters IncludeInstances'),
  ],
  [
    'DescribeScalingActivities',
    action(
      describeScalingActivities,
      'AutoScalingGroupName ActivityIds MaxRecords NextToken IncludeDeletedGroups Filters',
    ),
  ],
]);

function action(handler: Handler, parameters: string): Action {
  return { handler, parameters: ['Action', 'Version', ...parameters.split(' ')] };
}

const namespace = 'http://autoscaling.amazonaws.com/doc/2011-01-01/';

/** The response document of Auto Scaling to action `name`. */
export function autoScalingResponse(
  name: string,
  requestId: string,
  body: { readonly [name: string]: Xml },
): string {
  return (
    `<${name}Response xmlns="${namespace}"><${name}Result>${children(body, 'member')}</${name}Result>` +
    `<ResponseMetadata>${element('RequestId', requestId)}</ResponseMetadata></${name}Response>`
  );
}

/** The response document of Auto Scaling to a failed call. */
export function autoScalingError(requestId: string, code: string, message: string): string {
  return (
    `<ErrorResponse xmlns="${namespace}"><Error><Type>Sender</Type>${element('Code', code)}` +
    `${element('Message', message)}</Error>${element('RequestId', requestId)}</ErrorResponse>`
  );
}
