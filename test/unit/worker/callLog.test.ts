import assert from 'node:assert/strict';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { NO_OBSERVER } from '../../../activities/aws/client/awsCallMetrics.ts';
import { ProviderError } from '../../../domain/errors/errors.ts';
import { withRequestLog } from '../../../worker/startup/callLog.ts';

describe('the log of AWS requests', () => {
  const lines: { level: string; message: string; meta: Record<string, unknown> }[] = [];
  const logger = new DefaultLogger('DEBUG', ({ level, message, meta }) => {
    if (message.startsWith('AWS ')) lines.push({ level, message, meta: { ...meta } });
  });
  const { onRequest } = withRequestLog(NO_OBSERVER, logger);
  const ok = { attempt: 1, seconds: 0.1, error: undefined, awsRequestId: 'aws-1' };
  beforeEach(() => void (lines.length = 0));

  it('a change is logged with the ids of its activity, a shared read without any', async () => {
    const info = { workflowExecution: { workflowId: 'req-1', runId: 'run' } };
    await new MockActivityEnvironment(info, { logger }).run(async () => {
      onRequest({ ...ok, action: 'TerminateInstances', subject: { machineIds: ['i-1'] } });
      onRequest({ ...ok, action: 'DescribeInstances' });
    });
    assert.deepEqual(
      lines.map(({ level, message, meta }) => [level, message, meta['workflowId'], meta['awsRequestId']]),
      [
        ['INFO', 'AWS TerminateInstances', 'req-1', 'aws-1'],
        ['DEBUG', 'AWS DescribeInstances', undefined, 'aws-1'],
      ],
    );
    assert.deepEqual(lines[0]?.meta['machineIds'], ['i-1']);
  });

  it('a change that AWS rejects is logged as a warning, a rejected dry run is not', () => {
    const error = new ProviderError('permanent', 'UnauthorizedOperation', 'no');
    onRequest({ ...ok, action: 'RunInstances', error });
    onRequest({ ...ok, action: 'RunInstances', error, subject: { dryRun: true } });
    assert.deepEqual(
      lines.map(({ level, meta }) => [level, meta['code']]),
      [
        ['WARN', 'UnauthorizedOperation'],
        ['DEBUG', 'UnauthorizedOperation'],
      ],
    );
  });
});
