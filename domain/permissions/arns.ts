import { partitionOf } from './partitions.ts';

/** `*` where it is not known or not to be limited. */
export interface ArnScope {
  readonly region: string;
  readonly account: string;
}

/** Names of resources in policies. */
export interface Arns {
  ec2(type: string, id: string): string;
  /** Images and snapshots may be another account's, so their names have none. */
  shared(type: 'image' | 'snapshot', id: string): string;
  autoScalingGroup(name: string): string;
  /** By its URL, which ends in its account and its name. */
  queue(url: string): string;
  role(path: string): string;
  key(id: string): string;
  /** AWS's own parameters, under /aws/, belong to no account. */
  parameter(name: string): string;
}

export function createArns({ region, account }: ArnScope): Arns {
  const { name: partition } = partitionOf(region);
  return {
    ec2: (type, id) => `arn:${partition}:ec2:${region}:${account}:${type}/${id}`,
    shared: (type, id) => `arn:${partition}:ec2:${region}::${type}/${id}`,
    autoScalingGroup: (name) =>
      `arn:${partition}:autoscaling:${region}:${account}:autoScalingGroup:*:autoScalingGroupName/${name}`,
    queue: (url) => {
      const [owner = account, name = '*'] = new URL(url).pathname.split('/').slice(-2);
      return `arn:${partition}:sqs:${region}:${owner}:${name}`;
    },
    role: (path) => `arn:${partition}:iam::${account}:role/${path}`,
    parameter: (name) =>
      `arn:${partition}:ssm:${region}:${name.startsWith('/aws/') ? '' : account}:parameter/${name.replace(/^\//, '')}`,
    key: (id) => (id.startsWith('arn:') ? id : `arn:${partition}:kms:${region}:${account}:key/${id}`),
  };
}
