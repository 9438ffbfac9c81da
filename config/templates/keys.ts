/** The keys of IBM's templates files that have an effect here. */
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

/** A template with one of these keys is refused, with this reason: its machines would not be those that it describes. */
export const UNSUPPORTED_KEYS: Readonly<Record<string, string>> = {
  userData:
    'it contains variables for a script of the LSF edition; set the script as userDataScript or userDataText',
  spotPrice: 'it is a key of the LSF edition; use maxSpotPrice',
  efaCount: 'a machine gets one network interface; use interfaceType "efa"',
  ec2FleetConfig: 'it is a key of the LSF edition; use providerApi and the keys of this file',
  fleetType: 'it is a key of the LSF edition; use providerApi, e.g. EC2FleetRequest',
  onDemandTargetCapacityRatio: 'it is a key of the LSF edition; use percentOnDemand',
};

/** Keys without effect here, with the reason. */
export const IGNORED_KEYS: Readonly<Record<string, string>> = {
  pgrpName: "not used: an output of IBM's provider",
  onDemandCapacity: "not used: an output of IBM's provider",
  marketSpotPrice: "not used: an output of IBM's provider",
  availableNumber: 'not used: Host Factory counts by itself',
  requestedMachines: 'not used: Host Factory counts by itself',
  durationInHours: 'not used: AWS no longer has spot instances with a fixed duration',
  requestValidity:
    'not used: a key of the LSF edition; request.deadlineSeconds sets how long a request may last',
  ttl: 'not used: a key of the LSF edition',
  priority: "not used: a key of the LSF edition; Host Factory uses the file's order",
};
