/** Keys of IBM's templates files, by what becomes of them here. */
export const IBM_KEYS: readonly string[] = [
  'templateId',
  'maxNumber',
  'attributes',
  'imageId',
  'subnetId',
  'vmType',
  'vmTypes',
  'vmTypesPriority',
  'priceType',
  'maxSpotPrice',
  'percentOnDemand',
  'allocationStrategy',
  'keyName',
  'securityGroupIds',
  'instanceProfile',
  'userDataScript',
  'instanceTags',
  'rootDeviceVolumeSize',
  'volumeType',
  'iops',
  'launchTemplateId',
  'vmTypesOnDemand',
  'allocationStrategyOnDemand',
  'poolsCount',
  'spotFleetRequestExpiry',
  'fleetRole',
];

/** Our own keys, which IBM's provider does not have; docs/configuration.md explains them. */
export const OWN_KEYS: readonly string[] = [
  'providerApi',
  'launchTemplateVersion',
  'instanceRequirements',
  'onDemandBaseCapacity',
  'rootVolumeThroughput',
  'rootVolumeEncrypted',
  'kmsKeyId',
  'volumes',
  'tenancy',
  'placementGroupName',
  'ebsOptimized',
  'metadataHttpTokens',
  'metadataHopLimit',
  'capacityReservationId',
  'publicIp',
  'interfaceType',
  'userDataText',
  'hostName',
  'hostDomain',
];

/** A template that sets one of these would get other machines than it says, so it is refused. */
export const UNSUPPORTED_KEYS: Readonly<Record<string, string>> = {
  userData:
    'it holds variables for a script of the LSF edition; give the script as userDataScript or userDataText',
  spotPrice: 'it is of the LSF edition; use maxSpotPrice',
  efaCount: 'a machine gets one network interface; use interfaceType "efa"',
  ec2FleetConfig: 'it is of the LSF edition; use providerApi and the keys of this file',
  fleetType: 'it is of the LSF edition; use providerApi, e.g. EC2FleetRequest',
  onDemandTargetCapacityRatio: 'it is of the LSF edition; use percentOnDemand',
};

/** Without effect here, and why that is right. */
export const IGNORED_KEYS: Readonly<Record<string, string>> = {
  pgrpName: "not used: an output of IBM's provider",
  onDemandCapacity: "not used: an output of IBM's provider",
  marketSpotPrice: "not used: an output of IBM's provider",
  availableNumber: 'not used: Host Factory counts by itself',
  requestedMachines: 'not used: Host Factory counts by itself',
  durationInHours: 'not used: AWS has no spot machines of fixed duration any more',
  requestValidity:
    'not used: it is of the LSF edition; request.deadlineSeconds says how long a request may last',
  ttl: 'not used: it is of the LSF edition',
  priority: "not used: it is of the LSF edition; Host Factory goes by the file's order",
};
