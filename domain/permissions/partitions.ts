/** A partition of AWS: its name in ARNs, the regions in it, and the suffix of its host names. */
export interface Partition {
  readonly name: string;
  readonly regions: RegExp;
  readonly dnsSuffix: string;
}

const AWS: Partition = { name: 'aws', regions: /^/, dnsSuffix: 'amazonaws.com' };

/** As in the AWS SDK's partitions.json; the last one has every other region. */
export const PARTITIONS: readonly Partition[] = [
  { name: 'aws-cn', regions: /^cn-/, dnsSuffix: 'amazonaws.com.cn' },
  { name: 'aws-us-gov', regions: /^us-gov-/, dnsSuffix: 'amazonaws.com' },
  { name: 'aws-eusc', regions: /^eusc-/, dnsSuffix: 'amazonaws.eu' },
  { name: 'aws-iso', regions: /^us-iso-/, dnsSuffix: 'c2s.ic.gov' },
  { name: 'aws-iso-b', regions: /^us-isob-/, dnsSuffix: 'sc2s.sgov.gov' },
  { name: 'aws-iso-e', regions: /^eu-isoe-/, dnsSuffix: 'cloud.adc-e.uk' },
  { name: 'aws-iso-f', regions: /^us-isof-/, dnsSuffix: 'csp.hci.ic.gov' },
  AWS,
];

export const partitionOf = (region: string): Partition =>
  PARTITIONS.find(({ regions }) => regions.test(region)) ?? AWS;

/**
 * Names of a service in policies. Some services have the partition's suffix there (EC2 in China), others always
 * `amazonaws.com`, so a policy allows both.
 */
export const principalsOf = (service: string, region: string): string[] => [
  ...new Set(['amazonaws.com', partitionOf(region).dnsSuffix].map((suffix) => `${service}.${suffix}`)),
];
