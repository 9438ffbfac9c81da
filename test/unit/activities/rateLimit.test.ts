import { strict as assert } from 'node:assert';
import { mock } from 'node:test';
import { EC2Client, TerminateInstancesCommand } from '@aws-sdk/client-ec2';
import { createTokenBucket, EC2_RATES, limitRates } from '../../../activities/aws/client/rateLimit.ts';

describe('a token bucket', () => {
  it('a token bucket passes a burst, then limits the rate, and refills while idle', () => {
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

  it('a waiting call is not sent after the process was suspended, because its decision may be outdated', async () => {
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
    // Each read of the clock is an hour later.
    let now = 0;
    mock.method(Date, 'now', () => (now += 3_600_000));
    await assert.rejects(call(), {
      kind: 'notSent',
      message: /was suspended for 3600 s; TerminateInstances is not sent/,
    });
    assert.equal(sent, 1);
  });
});
