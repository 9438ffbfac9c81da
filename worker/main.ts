import { hostname } from 'node:os';
import { Client } from '@temporalio/client';
import type { Logger } from '@temporalio/worker';
import { createAwsClients, type AwsClients } from '../activities/aws/clients.ts';
import { createActivities } from '../activities/index.ts';
import { loadWorkerConfig, type Config } from '../config/index.ts';
import { OhfError } from '../domain/shared/errors.ts';
import { checkAws, checkNamespace } from './checks.ts';
import { connect } from './connection.ts';
import { createLanes } from './lanes.ts';
import { keepMonitor } from './monitor.ts';
import { findRefusedActions } from './permissions.ts';
import { createLogger, installRuntime } from './runtime.ts';

/**
 * Runs the worker of one provider instance until it is told to stop (SIGINT, SIGTERM): calls to AWS under
 * way are finished, waiting is handed back to Temporal. Prints `worker ready` when it takes work.
 * @returns the exit code: 0 after a stop, 1 when it could not start or failed
 */
export async function runWorker(env: NodeJS.ProcessEnv): Promise<number> {
  let logger = createLogger('info');
  try {
    const config = await loadWorkerConfig(env);
    logger = createLogger(config.logging.level);
    installRuntime(logger);
    await serve(config, logger);
    return 0;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    logger.error(message, error instanceof OhfError ? { code: error.code } : { error });
    return 1;
  }
}

async function serve(config: Config, logger: Logger): Promise<void> {
  const { temporal, provider } = config;
  const connection = await connect(temporal, logger);
  const aws = createAwsClients(provider.aws);
  try {
    const client = new Client({ connection, namespace: temporal.namespace });
    await checkNamespace(client, temporal.namespace);
    await checkAws(aws, provider.aws.endpoint ?? provider.aws.region);
    await tellRefusedActions(aws, provider.deployment, logger);
    const activities = createActivities({
      aws,
      temporal: client,
      pollSeconds: provider.aws.pollSeconds,
      consistencySeconds: provider.aws.consistencySeconds,
      sweepSeconds: provider.aws.sweepSeconds,
      onReadError: (error) => logger.warn('instances could not be read; trying again', { error }),
    });
    const lanes = await createLanes({
      connection,
      namespace: temporal.namespace,
      identity: `${process.pid}@${hostname()}`,
      deployment: provider.deployment,
      provider: provider.name,
      activities,
    });
    const running = lanes.map((lane) => lane.run());
    const kept = keepMonitor(client, provider, (error) =>
      logger.warn('the monitor could not be started; trying again', { error }),
    );
    logger.info('worker ready', {
      temporal: temporal.address,
      namespace: temporal.namespace,
      provider: provider.name,
      deployment: provider.deployment,
    });
    await Promise.all(running).finally(() => kept.stop());
    logger.info('worker stopped');
  } finally {
    aws.destroy();
    await connection.close();
  }
}

/** A worker that may not launch still gives machines back, so it starts all the same. */
async function tellRefusedActions(aws: AwsClients, deployment: string, logger: Logger): Promise<void> {
  const { refused, doubtful } = await findRefusedActions(aws, deployment);
  const advice = "'ohf iam-policy --templates FILE' prints the policy that the worker's role needs";
  if (refused.length > 0)
    logger.error(`AWS refuses the worker ${refused.join(', ')}; ${advice}`, { refused });
  if (doubtful.length > 0) {
    const reason = 'a policy limited to subnets or to our tag may do so rightly';
    logger.warn(`AWS refused a trial of ${doubtful.join(', ')}; ${reason}, else: ${advice}`, { doubtful });
  }
}
