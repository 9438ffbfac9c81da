import { DescribeInstancesCommand } from '../../activities/aws/client/ec2.ts';
import type { Logger } from '@temporalio/worker';
import { createAwsClients, type AwsClients } from '../../activities/aws/client/clients.ts';
import { toProviderError } from '../../activities/aws/client/errors.ts';
import { createAwsProvider } from '../../activities/aws/provider.ts';
import { truncateMessage } from '../../activities/runtime/failures.ts';
import type { CallObserver } from '../../activities/aws/client/awsCallMetrics.ts';
import type { InterruptionSource } from '../../activities/provider.ts';
import type { AwsConfig, ProviderConfig } from '../../config/config.ts';
import { ConfigurationError } from '../../domain/errors/errors.ts';
import { awsClientSettings } from './awsSettings.ts';
import { findDeniedActions } from '../../activities/aws/iam/permissionCheck.ts';
import type { OpenProvider, ProviderDependencies } from './providers.ts';

/** Creates the AWS clients, and checks credentials and region with one DescribeInstances. @throws ConfigurationError when it cannot */
export async function openAws(
  provider: ProviderConfig,
  { logger, onReadError, calls }: ProviderDependencies,
): Promise<OpenProvider> {
  const { deployment } = provider;
  const { region, endpoint, pollSeconds, consistencySeconds, sweepSeconds } = provider.aws;
  const aws = createAwsClients(awsClientSettings(provider), calls);
  try {
    await checkAws(aws, endpoint ?? region);
    await logDeniedActions(aws, deployment, logger);
  } catch (error) {
    aws.destroy();
    throw error;
  }
  const interruptionSource = await openInterruptionQueue(provider.aws, aws, logger, calls);
  return {
    provider: createAwsProvider(aws, { pollSeconds, consistencySeconds, onReadError }),
    sweepSeconds,
    ...(interruptionSource ? { interruptionSource } : {}),
    check: (signal) => readOnce(aws, signal),
    close: () => {
      interruptionSource?.close();
      aws.destroy();
    },
  };
}

/** Loads the SQS client only where a queue is configured. */
async function openInterruptionQueue(
  { interruptionQueue: url, rebalance }: AwsConfig,
  aws: AwsClients,
  logger: Logger,
  calls: CallObserver,
): Promise<InterruptionSource | undefined> {
  if (url === undefined) return undefined;
  const { createInterruptionQueue } = await import('../../activities/aws/interruption/interruptionQueue.ts');
  return createInterruptionQueue(
    aws,
    {
      url,
      rebalance,
      onMalformed: (body, reason) =>
        logger.warn(
          'a message of the interruption queue is not an EC2 event from EventBridge; it is deleted',
          {
            reason,
            body: truncateMessage(body),
          },
        ),
      onRebalanceRecommendation: (machineId) =>
        logger.info('AWS recommends rebalancing a machine', { machineId }),
    },
    calls,
  );
}

async function readOnce({ reading }: AwsClients, abortSignal?: AbortSignal): Promise<void> {
  await reading.send(new DescribeInstancesCommand({ MaxResults: 5 }), abortSignal ? { abortSignal } : {});
}

/** Checks that AWS answers with these credentials in this region. @throws ConfigurationError that says what to do */
async function checkAws(aws: AwsClients, where: string): Promise<void> {
  try {
    await readOnce(aws);
  } catch (error) {
    const { providerCode, message, kind } = toProviderError(error);
    const advice =
      kind === 'credentials'
        ? 'Check the credentials of the worker (provider.aws.role, .credentialFile and .profile, else AWS_ACCESS_KEY_ID ' +
          'or the instance profile) and its policy: ' +
          "'ohf iam-policy --templates FILE' prints the policy it needs."
        : 'Check provider.aws.region and provider.aws.endpoint, and the network.';
    throw new ConfigurationError(
      `EC2 at ${where} could not be read (ec2:DescribeInstances): ${providerCode}: ${message}. ${advice}`,
      {
        cause: error,
      },
    );
  }
}

/** A worker that may not launch can still release machines, so it starts all the same. */
async function logDeniedActions(aws: AwsClients, deployment: string, logger: Logger): Promise<void> {
  const { denied, uncertain } = await findDeniedActions(aws, deployment);
  const advice = "'ohf iam-policy --templates FILE' prints the policy that the worker's role needs";
  if (denied.length > 0) logger.error(`AWS denies the worker ${denied.join(', ')}; ${advice}`, { denied });
  if (uncertain.length > 0) {
    const reason =
      'this is expected if the policy restricts it by subnet or by the tag ohf:deployment; otherwise';
    logger.warn(`AWS denied a dry run of ${uncertain.join(', ')}; ${reason} ${advice}`, { uncertain });
  }
}
