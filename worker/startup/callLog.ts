import { asyncLocalStorage } from '@temporalio/activity';
import type { Logger } from '@temporalio/worker';
import type { CallObserver, ObservedRequest } from '../../activities/aws/client/awsCallMetrics.ts';

/** The same observer, which also logs each request to AWS. */
export const withRequestLog = (observer: CallObserver, logger: Logger): CallObserver => ({
  onWait: observer.onWait,
  onRequest(request) {
    observer.onRequest(request);
    logRequest(request, logger);
  },
});

/**
 * A change is logged with the ids of the activity that makes it. A read is not, because one read serves all waiting
 * activities; the activities that need a failed read report it.
 */
function logRequest(request: ObservedRequest, logger: Logger): void {
  const { action, attempt, seconds, error, awsRequestId, subject } = request;
  const isRead = /^(Describe|Get)/.test(action);
  const log = isRead ? logger : (asyncLocalStorage.getStore()?.log ?? logger);
  const errorFields = error === undefined ? {} : { code: error.providerCode, error: error.message };
  const level = isRead || subject?.dryRun === true ? 'debug' : error === undefined ? 'info' : 'warn';
  const ms = Math.round(seconds * 1_000);
  log[level](`AWS ${action}`, { action, ...subject, ...errorFields, awsRequestId, attempt, ms });
}
