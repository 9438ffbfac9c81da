import type { Call } from '../protocol/call.ts';
import type { Image, InstanceType, Subnet } from '../state/catalogue.ts';
import { AwsError, invalidValue, missingParameter } from '../protocol/errors.ts';
import type { LaunchTemplate, Lifecycle, Tags } from '../state/model.ts';
import { flag, subtree, subtrees, stringAt, stringList, toTree } from '../protocol/params.ts';
import type { ParamTree } from '../protocol/params.ts';
import { readTagSpecifications } from '../protocol/tagging.ts';

/** Everything needed to launch instances of one kind. */
export type LaunchSpec = {
  image: Image;
  instanceType: InstanceType;
  subnet: Subnet;
  lifecycle: Lifecycle;
  keyName?: string;
  securityGroupIds: string[];
  iamInstanceProfileArn?: string;
  devices: { deviceName: string; deleteOnTermination: boolean }[];
  tags: Tags;
  volumeTags: Tags;
  templateId?: string;
  protected: boolean;
  /** Its host name is derived from its id. */
  namedById: boolean;
};

const taggableResources = ['instance', 'volume', 'network-interface', 'spot-instances-request'];
const idPattern = /^[0-9a-f]{17}$|^[0-9a-f]{8}$/;

/** Whether `id` looks like an id of this kind, e.g. prefix `i`. */
export function isWellFormed(prefix: string, id: string): boolean {
  return id.startsWith(`${prefix}-`) && idPattern.test(id.slice(prefix.length + 1));
}

/** The launch template that a LaunchTemplateId or LaunchTemplateName names. Throws AWS's NotFound codes. */
export function findTemplate(call: Call, reference: ParamTree): LaunchTemplate {
  const id = stringAt(reference, 'LaunchTemplateId');
  const name = stringAt(reference, 'LaunchTemplateName');
  if (id !== undefined && name !== undefined) {
    throw new AwsError(
      'InvalidParameterCombination',
      'Either LaunchTemplateId or LaunchTemplateName may be given, not both.',
    );
  }
  if (id !== undefined) {
    if (!isWellFormed('lt', id)) {
      throw new AwsError('InvalidLaunchTemplateId.Malformed', `The launch template ID '${id}' is malformed`);
    }
    return call.world.templates.get(id) ?? notFoundById(id);
  }
  if (name === undefined) throw missingParameter('LaunchTemplateId or LaunchTemplateName');
  for (const template of call.world.templates.values()) if (template.name === name) return template;
  throw new AwsError(
    'InvalidLaunchTemplateName.NotFoundException',
    `The specified launch template, with template name ${name}, does not exist.`,
  );
}

function notFoundById(id: string): never {
  throw new AwsError(
    'InvalidLaunchTemplateId.NotFound',
    `The specified launch template, with template ID ${id}, does not exist.`,
  );
}

/** Checks the version of a reference: a template has version 1 only. */
export function checkVersion(template: LaunchTemplate, version: string): void {
  if (['1', '$Latest', '$Default'].includes(version)) return;
  throw new AwsError(
    'InvalidLaunchTemplateId.VersionNotFound',
    `Could not find the specified version ${version} for the launch template with ID ${template.id}.`,
  );
}

/** Launch template data overlaid with the request's own parameters. Tags are merged; the request's take precedence. */
export function readSpec(
  call: Call,
  request: ParamTree,
  template: LaunchTemplate | undefined,
  lifecycle: Lifecycle,
): LaunchSpec {
  const base = toTree(template?.data ?? {});
  // An instance-level subnet or group of the request takes precedence over the template's network interface.
  const data: ParamTree = { ...base, ...request };
  const subnet = readSubnet(call, data, request['NetworkInterface'] !== undefined);
  const instanceType = readInstanceType(call, stringAt(data, 'InstanceType'));
  const image = readImage(call, stringAt(data, 'ImageId'), instanceType);
  const keyName = stringAt(data, 'KeyName');
  const profile = readProfile(call, subtree(data, 'IamInstanceProfile'));
  const templateTags = readTagSpecifications(base, taggableResources);
  const requestTags = readTagSpecifications(request, [...taggableResources, 'fleet']);
  return {
    image,
    instanceType,
    subnet,
    lifecycle,
    ...(keyName !== undefined && { keyName }),
    ...(profile !== undefined && { iamInstanceProfileArn: profile }),
    securityGroupIds: readGroups(call, data),
    devices: readDevices(data, image),
    tags: { ...templateTags['instance'], ...requestTags['instance'] },
    volumeTags: { ...templateTags['volume'], ...requestTags['volume'] },
    ...(template !== undefined && { templateId: template.id }),
    protected: flag(data, 'DisableApiTermination') ?? false,
    namedById: readHostnameType(data) === 'resource-name',
  };
}

/** The instance type of that name. Throws MissingParameter or InvalidParameterValue. */
function readInstanceType(call: Call, name: string | undefined): InstanceType {
  if (name === undefined) throw missingParameter('InstanceType');
  const type = call.catalogue.instanceTypes.get(name);
  if (type === undefined) {
    throw new AwsError('InvalidParameterValue', `Invalid value '${name}' for InstanceType.`);
  }
  return type;
}

const ssmAliasPrefix = 'resolve:ssm:';

/** The id of the image that an alias names by a parameter; anything else stays as it is. */
export function resolveImage(call: Call, name: string): string {
  if (!name.startsWith(ssmAliasPrefix)) return name;
  const id = call.catalogue.imageParameters.get(name.slice(ssmAliasPrefix.length));
  if (id !== undefined) return id;
  throw new AwsError(
    'InvalidParameterValue',
    `The parameter ${name.slice(ssmAliasPrefix.length)} does not exist.`,
  );
}

function readImage(call: Call, name: string | undefined, type: InstanceType): Image {
  if (name === undefined) throw missingParameter('ImageId');
  const id = resolveImage(call, name);
  if (!isWellFormed('ami', id)) {
    throw new AwsError('InvalidAMIID.Malformed', `Invalid id: "${id}" (expecting "ami-...")`);
  }
  const image = call.catalogue.images.get(id);
  if (image === undefined) {
    throw new AwsError('InvalidAMIID.NotFound', `The image id '[${id}]' does not exist`);
  }
  if (image.architecture !== type.architecture) {
    throw new AwsError(
      'InvalidParameterValue',
      `The architecture '${type.architecture}' of the specified instance type does not match the architecture ` +
        `'${image.architecture}' of the specified AMI. Specify an instance type and an AMI that have matching ` +
        `architectures, and try again.`,
    );
  }
  return image;
}

/** The subnet of that id. Throws InvalidSubnetID.NotFound. */
export function findSubnet(call: Call, id: string): Subnet {
  const subnet = call.catalogue.subnets.get(id);
  if (subnet === undefined) {
    throw new AwsError('InvalidSubnetID.NotFound', `The subnet ID '${id}' does not exist`);
  }
  return subnet;
}

function readSubnet(call: Call, data: ParamTree, interfaceFirst: boolean): Subnet {
  const own = stringAt(data, 'SubnetId');
  const ofInterface = stringAt(subtrees(data, 'NetworkInterface')[0], 'SubnetId');
  const zone = stringAt(data, 'Placement', 'AvailabilityZone');
  const id = interfaceFirst ? (ofInterface ?? own) : (own ?? ofInterface);
  const all = [...call.catalogue.subnets.values()];
  if (zone !== undefined && !all.some((each) => each.zone === zone)) {
    throw invalidValue('Placement.AvailabilityZone', zone, `Invalid availability zone: [${zone}]`);
  }
  const subnet =
    id === undefined ? all.find((each) => zone === undefined || each.zone === zone) : findSubnet(call, id);
  if (subnet === undefined) throw missingParameter('SubnetId');
  if (zone !== undefined && subnet.zone !== zone) {
    throw new AwsError('InvalidParameterValue', `The subnet ${subnet.id} is not in the zone ${zone}.`);
  }
  return subnet;
}

function readHostnameType(data: ParamTree): string {
  const type = stringAt(data, 'PrivateDnsNameOptions', 'HostnameType') ?? 'ip-name';
  if (type === 'ip-name' || type === 'resource-name') return type;
  throw invalidValue('PrivateDnsNameOptions.HostnameType', type, `Invalid value '${type}' for hostnameType.`);
}

function readGroups(call: Call, data: ParamTree): string[] {
  const own = stringList(data, 'SecurityGroupId');
  const groups = own.length > 0 ? own : stringList(subtrees(data, 'NetworkInterface')[0], 'SecurityGroupId');
  return groups.length > 0 ? groups : [call.catalogue.defaultSecurityGroupId];
}

function readProfile(call: Call, profile: ParamTree | undefined): string | undefined {
  const name = stringAt(profile, 'Name');
  return stringAt(profile, 'Arn') ?? (name && `arn:aws:iam::${call.accountId}:instance-profile/${name}`);
}

function readDevices(data: ParamTree, image: Image): LaunchSpec['devices'] {
  const devices = new Map([[image.rootDevice, true]]);
  for (const mapping of subtrees(data, 'BlockDeviceMapping')) {
    const name = stringAt(mapping, 'DeviceName');
    const ebs = subtree(mapping, 'Ebs');
    if (name !== undefined && ebs !== undefined) {
      devices.set(name, flag(ebs, 'DeleteOnTermination') ?? true);
    }
  }
  return [...devices].map(([deviceName, deleteOnTermination]) => ({ deviceName, deleteOnTermination }));
}
