/** The three kinds of templates as IBM's reference shows them: on demand, spot and heterogeneous. */
const attributes = {
  type: ['String', 'X86_64'],
  ncpus: ['Numeric', '1'],
  nram: ['Numeric', '1024'],
};
const common = {
  imageId: 'ami-0123456789abcdef0',
  keyName: 'grid-key',
  securityGroupIds: ['sg-0123456789abcdef0'],
};
const fleetRole = 'arn:aws:iam::123456789012:role/aws-ec2-spot-fleet-tagging-role';

export const IBM_EXAMPLES = [
  {
    templateId: 'OnDemand-1',
    maxNumber: 10,
    priceType: 'ondemand',
    attributes,
    ...common,
    subnetId: 'subnet-0123456789abcdef0',
    vmType: 't2.micro',
    instanceTags: 'group=project1;owner=grid',
  },
  {
    templateId: 'Spot-1',
    maxNumber: 10,
    priceType: 'spot',
    attributes: { type: 'X86_64', ncpus: 1, nram: 1024 },
    ...common,
    subnetId: 'subnet-0123456789abcdef0,subnet-0123456789abcdef1',
    vmTypes: { 't2.micro': 1, 't2.medium': 2 },
    fleetRole,
    maxSpotPrice: 0.5,
    spotFleetRequestExpiry: 40,
    allocationStrategy: 'lowestPrice',
  },
  {
    templateId: 'Heterogeneous-1',
    maxNumber: 20,
    priceType: 'heterogeneous',
    attributes,
    ...common,
    subnetId: ['subnet-0123456789abcdef0', 'subnet-0123456789abcdef1'],
    vmTypes: { 't2.micro': 1, 't2.medium': 2 },
    vmTypesOnDemand: { 't2.medium': 2 },
    vmTypesPriority: { 't2.micro': 1, 't2.medium': 2 },
    fleetRole,
    maxSpotPrice: 0.5,
    allocationStrategyOnDemand: 'prioritized',
  },
] as const;
