import type { AwsSettings } from '../../activities/aws/client/clients.ts';
import type { ProviderConfig } from '../../config/config.ts';
import { isRealAws } from '../../config/load.ts';

/**
 * How this provider instance reaches AWS. A VPC endpoint is EC2's alone; what stands in for AWS does so for all of it.
 */
export function awsClientSettings({ name, deployment, aws }: ProviderConfig): AwsSettings {
  const { endpoint, role, ...rest } = aws;
  return {
    ...rest,
    ...(endpoint === undefined ? {} : isRealAws(endpoint) ? { ec2Endpoint: endpoint } : { endpoint }),
    // In CloudTrail it says who called. STS takes 64 characters.
    ...(role ? { role: { ...role, sessionName: `ohf-${deployment}-${name}`.slice(0, 64) } } : {}),
  };
}
