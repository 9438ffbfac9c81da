import type { AwsSettings } from '../../activities/aws/client/clients.ts';
import type { ProviderConfig } from '../../config/config.ts';
import { isRealAws } from '../../config/load.ts';

/**
 * How this provider instance reaches AWS. `provider.aws.endpoint` is a VPC endpoint, which serves EC2 only, or a
 * simulated AWS, which serves everything.
 */
export function awsClientSettings({ name, deployment, aws }: ProviderConfig): AwsSettings {
  const { endpoint, role, ...rest } = aws;
  return {
    ...rest,
    ...(endpoint === undefined ? {} : isRealAws(endpoint) ? { ec2Endpoint: endpoint } : { endpoint }),
    // Names the caller in CloudTrail. STS allows 64 characters.
    ...(role ? { role: { ...role, sessionName: `ohf-${deployment}-${name}`.slice(0, 64) } } : {}),
  };
}
