import assert from 'node:assert/strict';
import { ProviderError } from '../../../domain/errors/errors.ts';
import { logMetrics } from '../../../worker/health/cloudWatch.ts';
import { createMetrics } from '../../../worker/health/metrics.ts';
import { createReadiness } from '../../../worker/health/readiness.ts';

interface Line {
  readonly _aws: {
    readonly Timestamp: number;
    readonly CloudWatchMetrics: readonly {
      readonly Namespace: string;
      readonly Dimensions: readonly (readonly string[])[];
      readonly Metrics: readonly { readonly Name: string; readonly Unit: string }[];
    }[];
  };
  readonly [member: string]: unknown;
}

const aboutOf = ({ _aws: about }: Line): Line['_aws'] => about;

describe('CloudWatch metrics in the log', () => {
  const lines: Line[] = [];
  const setUp = () => {
    lines.splice(0);
    const settings = {
      deployment: 'grid1',
      provider: 'awsinst',
      sweepSeconds: 60,
      readiness: createReadiness(),
    };
    const metrics = createMetrics({ ...settings, events: () => undefined });
    const write = (members: object): void => void lines.push(JSON.parse(JSON.stringify(members)) as Line);
    const log = logMetrics(metrics.registry, { namespace: 'Grid/Hosts', write });
    log.close();
    return { metrics, log };
  };
  const request = { action: 'CreateFleet', attempt: 1, seconds: 2, error: undefined };
  const ofAction = (action: string): readonly Line[] => lines.filter((line) => line['action'] === action);

  it('a metrics line is in embedded metric format and has a value for each metric that it declares', async () => {
    const { metrics, log } = setUp();
    metrics.calls.onRequest(request);
    metrics.sweeps([], new Set());
    await log.flush();
    assert.ok(lines.length > 0);
    for (const line of lines) {
      const [{ Namespace, Dimensions, Metrics } = assert.fail(), ...more] = aboutOf(line).CloudWatchMetrics;
      assert.deepEqual([Namespace, more], ['Grid/Hosts', []]);
      assert.ok(Math.abs(Date.now() - aboutOf(line).Timestamp) < 60_000);
      for (const name of Dimensions.flat()) assert.equal(typeof line[name], 'string', name);
      for (const { Name } of Metrics) assert.equal(typeof line[Name], 'number', Name);
      assert.deepEqual(
        Dimensions[0]?.filter((name) => ['deployment', 'provider'].includes(name)),
        ['deployment', 'provider'],
      );
      assert.deepEqual([line['deployment'], line['provider']], ['grid1', 'awsinst']);
    }
    const names = lines.flatMap((line) => aboutOf(line).CloudWatchMetrics.flatMap(({ Metrics }) => Metrics));
    assert.ok(
      names.some(({ Name, Unit }) => Name === 'ohf_aws_request_duration_seconds_sum' && Unit === 'Seconds'),
    );
    assert.ok(names.some(({ Name }) => Name === 'ohf_requests_ownerless'));
    assert.ok(names.some(({ Name }) => Name === 'ohf_ready'));
    assert.ok(!names.some(({ Name }) => Name.endsWith('_bucket')));
  });

  it('a metrics line has the increase of a counter since the previous line', async () => {
    const { metrics, log } = setUp();
    metrics.calls.onRequest(request);
    metrics.calls.onRequest(request);
    await log.flush();
    const [first] = ofAction('CreateFleet');
    assert.deepEqual(
      [first?.['ohf_aws_request_duration_seconds_count'], first?.['ohf_aws_request_duration_seconds_sum']],
      [2, 4],
    );
    lines.splice(0);
    await log.flush();
    assert.deepEqual(ofAction('CreateFleet'), []);
    const error = new ProviderError('throttled', 'RequestLimitExceeded', 'slow down');
    metrics.calls.onRequest({ ...request, error });
    await log.flush();
    const counts = ofAction('CreateFleet').flatMap((line) => line['ohf_aws_throttles_total'] ?? []);
    assert.deepEqual(counts, [1]);
  });
});
