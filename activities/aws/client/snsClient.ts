import { SNSClient } from '@aws-sdk/client-sns';
import { createAwsClients, type AwsSettings } from './clients.ts';

/** An SNS client in the topic's region, with the credentials and the proxy of the EC2 client. */
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
