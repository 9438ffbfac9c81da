import type { ProviderApi, Template } from '../template/template.ts';
import type { Arns } from './arns.ts';
import { partitionOf, principalsOf } from './partitions.ts';
import type { PolicyStatement } from './statement.ts';

/** Roles that launches hand on, and those that AWS makes for itself at an account's first use of a service. */
export function roleStatements(
  templates: readonly Template[],
  apis: readonly ProviderApi[],
  arns: Arns,
  region: string,
): PolicyStatement[] {
  const fleetRoles = [...new Set(templates.flatMap(({ fleetRole }) => fleetRole ?? []))];
  return [
    // The role behind an instance profile may have any name.
    ...(templates.some(({ instanceProfile }) => instanceProfile !== undefined)
      ? [passRole('PassInstanceRoles', [arns.role('*')], principalsOf('ec2', region))]
      : []),
    ...(apis.some((api) => api.startsWith('SpotFleet')) && fleetRoles.length > 0
      ? [passRole('PassFleetRoles', fleetRoles, principalsOf('spotfleet', region))]
      : []),
    ...serviceRoles(templates, apis, arns),
  ];
}

const passRole = (
  Sid: string,
  Resource: readonly string[],
  services: readonly string[],
): PolicyStatement => ({
  Sid,
  Effect: 'Allow',
  Action: ['iam:PassRole'],
  Resource,
  Condition: {
    StringEquals: { 'iam:PassedToService': services.length === 1 ? (services[0] ?? '') : services },
  },
});

function serviceRoles(
  templates: readonly Template[],
  apis: readonly ProviderApi[],
  arns: Arns,
): PolicyStatement[] {
  const services = [
    ...(templates.some(({ priceType }) => priceType !== 'ondemand') ? ['spot.amazonaws.com'] : []),
    ...(apis.some((api) => api === 'EC2FleetRequest' || api === 'EC2FleetMaintain')
      ? ['ec2fleet.amazonaws.com']
      : []),
    ...(apis.some((api) => api.startsWith('SpotFleet')) ? ['spotfleet.amazonaws.com'] : []),
    ...(apis.includes('AutoScalingGroup') ? ['autoscaling.amazonaws.com'] : []),
  ];
  if (services.length === 0) return [];
  return [
    {
      Sid: 'CreateServiceLinkedRoles',
      Effect: 'Allow',
      Action: ['iam:CreateServiceLinkedRole'],
      Resource: services.map((service) => arns.role(`aws-service-role/${service}/*`)),
      Condition: { StringEquals: { 'iam:AWSServiceName': services } },
    },
  ];
}

/** Volumes that are encrypted with a key of the site's own. */
export function keyStatements(templates: readonly Template[], arns: Arns, region: string): PolicyStatement[] {
  const keys = templates
    .flatMap(({ rootVolume, volumes = [] }) => [
      rootVolume?.kmsKeyId,
      ...volumes.map(({ kmsKeyId }) => kmsKeyId),
    ])
    .filter((key) => key !== undefined);
  if (keys.length === 0) return [];
  // An alias is no resource of a policy.
  const Resource = [...new Set(keys.map((key) => arns.key(key.includes('alias/') ? '*' : key)))];
  const via = { 'kms:ViaService': `ec2.${region}.${partitionOf(region).dnsSuffix}` };
  return [
    {
      Sid: 'UseVolumeKeys',
      Effect: 'Allow',
      Action: ['kms:DescribeKey', 'kms:Decrypt', 'kms:GenerateDataKeyWithoutPlaintext', 'kms:ReEncrypt*'],
      Resource,
      Condition: { StringLike: via },
    },
    {
      Sid: 'GrantVolumeKeysToEc2',
      Effect: 'Allow',
      Action: ['kms:CreateGrant'],
      Resource,
      Condition: { StringLike: via, Bool: { 'kms:GrantIsForAWSResource': 'true' } },
    },
  ];
}
