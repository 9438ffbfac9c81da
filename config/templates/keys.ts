/** Keys of IBM's templates files, by what becomes of them here. */
export const HONOURED: readonly string[] = [
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
];

/** Our own keys, which IBM's provider does not have; docs/configuration.md explains them. */
export const OURS: readonly string[] = [
  'providerApi',
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
];

/** A template that sets one of these would get other machines than it says, so it is refused. */
export const NOT_YET: readonly string[] = [
  'launchTemplateId',
  'vmTypesOnDemand',
  'allocationStrategyOnDemand',
  'poolsCount',
  'spotFleetRequestExpiry',
];

/** Without effect here, and why that is right. */
export const WITHOUT_EFFECT: Readonly<Record<string, string>> = {
  fleetRole: 'not used: EC2 Fleet needs no role of its own',
  pgrpName: "not used: an output of IBM's provider",
  onDemandCapacity: "not used: an output of IBM's provider",
  marketSpotPrice: "not used: an output of IBM's provider",
  availableNumber: 'not used: Host Factory counts by itself',
  requestedMachines: 'not used: Host Factory counts by itself',
};
