import { strict as assert } from 'node:assert';
import { mock } from 'node:test';
import { EC2Client, TerminateInstancesCommand } from '@aws-sdk/client-ec2';
import { createTokenBucket, EC2_RATES, limitRates } from '../../../activities/aws/client/rateLimit.ts';

describe('a token bucket', () => {
  it('lets a burst pass, then holds to the rate, and fills again while nothing is asked', () => {
    let now = 1_000_000;
    const bucket = createTokenBucket({ burst: 3, perSecond: 2 }, () => now);
    const take = (count: number): number[] => Array.from({ length: count }, () => bucket.reserve());
    assert.deepEqual(take(5), [0, 0, 0, 500, 1_000]);
    now += 2_500;
    assert.deepEqual(take(4), [0, 0, 0, 500]);
  });
});

describe('a call that waits for its turn', () => {
  afterEach(() => mock.reset());

  it('is not sent when the process stood still meanwhile: what it was decided by may no longer hold', async () => {
    let sent = 0;
    const client = new EC2Client({
      region: 'us-east-1',
      credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
    });
    limitRates(client, EC2_RATES, 1, () => {});
    client.middlewareStack.add(
      () => async () => {
        sent += 1;
        return { output: { $metadata: {} }, response: {} };
      },
      { step: 'initialize', priority: 'low', name: 'answer' },
    );
    const call = (): Promise<unknown> => client.send(new TerminateInstancesCommand({ InstanceIds: ['i-1'] }));
    await call();
    // Each look at the clock is an hour later.
    let now = 0;
    mock.method(Date, 'now', () => (now += 3_600_000));
    await assert.rejects(call(), {
      kind: 'notSent',
      message: /was suspended for 3600 s; TerminateInstances is not sent/,
    });
    assert.equal(sent, 1);
  });
});
