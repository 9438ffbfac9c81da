import { proxyActivities } from '@temporalio/workflow';

const { first, second } = proxyActivities({ startToCloseTimeout: '1 minute' });

/** The least that a durable request could cost: two steps and an answer. */
export async function bare(text) {
  return second(await first(text));
}
