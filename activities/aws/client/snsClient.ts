import { SNSClient } from '@aws-sdk/client-sns';
import { createAwsClients, type AwsSettings } from './clients.ts';

/** A client of SNS in the region of the topic, with the credentials and the way out that EC2's gets. */
export function createSnsClient(
  settings: AwsSettings,
  topicArn: string,
  endpoint: string | undefined,
): SNSClient {
  const { credentials, requestHandler } = createAwsClients(settings).reading.config;
  return new SNSClient({
    region: topicArn.split(':')[3] ?? settings.region,
    credentials,
    requestHandler,
    ...(endpoint === undefined ? {} : { endpoint }),
  });
}
