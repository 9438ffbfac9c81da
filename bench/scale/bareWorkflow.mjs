import { proxyActivities } from '@temporalio/workflow';

const { first, second } = proxyActivities({ startToCloseTimeout: '1 minute' });

/** The minimum for a durable request: two activities and a result. */
export async function bare(text) {
  return second(await first(text));
}
