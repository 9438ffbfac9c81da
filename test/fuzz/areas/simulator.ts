import assert from 'node:assert/strict';
import { request } from 'node:http';
import { text as bodyOf } from 'node:stream/consumers';
import * as fc from 'fast-check';
import { autoScalingActions, autoScalingVersion } from '../../../simulator/autoScaling/service.ts';
import type { Action } from '../../../simulator/protocol/call.ts';
import { ec2Actions, ec2Version } from '../../../simulator/ec2/index.ts';
import { startSimulator } from '../../../simulator/server.ts';
import { scratch } from '../../fixtures/scratch.ts';
import { holds, type Area } from '../property.ts';
import { json, text } from '../values.ts';

type Form = Readonly<Record<string, string>>;

const launching = { ImageId: 'ami-00000000000000001', SubnetId: 'subnet-0000000000000000a' };
/** Calls that are right, as the SDK sends them. */
const RIGHT: readonly Form[] = [
  {
    Action: 'RunInstances',
    MinCount: '1',
    MaxCount: '1',
    InstanceType: 'm5.large',
    ClientToken: 't',
    ...launching,
  },
  {
    Action: 'CreateLaunchTemplate',
    LaunchTemplateName: 'one',
    'LaunchTemplateData.ImageId': launching.ImageId,
  },
  {
    Action: 'CreateFleet',
    Type: 'instant',
    'TargetCapacitySpecification.TotalTargetCapacity': '1',
    'TargetCapacitySpecification.DefaultTargetCapacityType': 'spot',
    'LaunchTemplateConfigs.1.LaunchTemplateSpecification.LaunchTemplateName': 'one',
    'LaunchTemplateConfigs.1.LaunchTemplateSpecification.Version': '1',
    'LaunchTemplateConfigs.1.Overrides.1.InstanceType': 'm5.large',
    'LaunchTemplateConfigs.1.Overrides.1.SubnetId': launching.SubnetId,
  },
  {
    Action: 'DescribeInstances',
    'InstanceId.1': 'i-00000000',
    'Filter.1.Name': 'tag:a',
    'Filter.1.Value.1': 'b',
  },
  { Action: 'TerminateInstances', 'InstanceId.1': 'i-0123456789abcdef0' },
  { Action: 'CreateTags', 'ResourceId.1': 'i-0123456789abcdef0', 'Tag.1.Key': 'a', 'Tag.1.Value': 'b' },
];

const value = fc.oneof(
  text,
  fc.integer().map(String),
  fc.constantFrom(
    'true',
    '-1',
    '1e9',
    'NaN',
    '2026-01-01T00:00:00Z',
    '*',
    'tag:',
    'm5.large',
    'x'.repeat(5_000),
  ),
);
const suffix = fc.constantFrom(
  '',
  '.1',
  '.0',
  '.1.Key',
  '.1.Value.1',
  '.Name',
  '.1.Overrides.1.InstanceType',
  '.a.b.c',
);

/** An action with some of the parameters that it takes, and anything as their values. */
const anyOf = (actions: ReadonlyMap<string, Action>, version: string): fc.Arbitrary<Form> =>
  fc.constantFrom(...actions).chain(([name, { parameters }]) =>
    fc
      .array(fc.tuple(fc.constantFrom('DryRun', ...parameters), suffix, value), { maxLength: 6 })
      .map((given) => ({
        ...Object.fromEntries(given.map(([parameter, end, is]) => [parameter + end, is])),
        Action: name,
        Version: version,
      })),
  );

/** A right call of which some parameters are missing, wrong or new. */
const damagedCall: fc.Arbitrary<Form> = fc.constantFrom(...RIGHT).chain((right) =>
  fc
    .array(
      fc.tuple(fc.constantFrom(...Object.keys(right), 'Action', 'Version', 'newKey'), fc.option(value)),
      {
        minLength: 1,
        maxLength: 3,
      },
    )
    .map((changes) =>
      Object.fromEntries(
        Object.entries({ Version: ec2Version, ...right, ...Object.fromEntries(changes) }).filter(
          (entry): entry is [string, string] => entry[1] !== null,
        ),
      ),
    ),
);

const NAMES = [
  'gates',
  'settings',
  'capacity',
  'denied',
  'instances',
  'quotas',
  'fleets',
  'groups',
  'summary',
  'log',
];
const control = fc.record({
  method: fc.constantFrom('GET', 'PUT', 'POST', 'DELETE', 'PATCH'),
  path: fc
    .tuple(
      fc.constantFrom(...NAMES, 'reset', 'no'),
      fc.constantFrom('', '/%E0', '/x', '/x/release', '/i-0/stop', '?since=x', '?wait=arrived&timeoutMs=1'),
    )
    .map(([name, end]) => name + end),
  body: fc.oneof(
    json.map((one) => JSON.stringify(one) ?? ''),
    text,
    fc
      .record({
        action: text,
        mode: fc.constantFrom('partial', 'delay', 'stale'),
        keep: json,
        ms: json,
        every: json,
      })
      .map((order) => JSON.stringify(order)),
  ),
});

/** What a client and a test send to the simulated AWS. */
export async function openSimulator(): Promise<Area> {
  const files = await scratch();
  const stateFile = `${files.directory}/aws.jsonl`;
  const options = { pendingSeconds: 0, shuttingDownSeconds: 0, stateFile };
  let simulator = await startSimulator(options);

  /** One request, one answer: a connection that is cut fails. */
  const send = (
    method: string,
    path: string,
    body: string,
    headers: Form = {},
  ): Promise<readonly [number, string]> =>
    new Promise((resolve, reject) => {
      const sent = request({ host: '127.0.0.1', port: simulator.port, method, path, headers }, (response) => {
        bodyOf(response).then((answer) => resolve([response.statusCode ?? 0, answer]), reject);
      });
      sent.on('error', reject);
      sent.end(body);
    });
  const aws = (form: string): Promise<readonly [number, string]> =>
    send('POST', '/', form, { authorization: 'AWS4-HMAC-SHA256 Credential=made/up' });
  const reset = (): Promise<unknown> => send('POST', '/_simulator/reset', '{}');

  async function judgeCall(form: string): Promise<void> {
    const [status, answer] = await aws(form);
    assert.match(answer, /^<\?xml|^<\w+Response/, answer.slice(0, 200));
    assert.doesNotMatch(answer, /InternalError/, answer.slice(0, 1_000));
    assert.ok(status < 500, `${status}: ${answer.slice(0, 1_000)}`);
  }

  const call = fc
    .oneof(anyOf(ec2Actions, ec2Version), anyOf(autoScalingActions, autoScalingVersion), damagedCall)
    .map((form) => new URLSearchParams({ ...form }).toString());

  const properties = [
    holds('simulated AWS: calls, right and wrong', call, judgeCall, { share: 0.5 }),
    holds('simulated AWS: requests that are none', text, judgeCall, { share: 0.2 }),
    holds(
      'simulated AWS: orders of tests',
      control,
      async ({ method, path, body }) => {
        const [status, answer] = await send(
          method,
          `/_simulator/${path}`,
          method === 'GET' || method === 'DELETE' ? '' : body,
        );
        assert.ok(status < 500, answer);
        assert.equal(typeof JSON.parse(answer), 'object');
        await send('DELETE', '/_simulator/gates', '');
        // Whatever was ordered, it serves on.
        const [stillServes] = await aws(new URLSearchParams({ ...RIGHT[0], Version: ec2Version }).toString());
        assert.ok(stillServes < 500);
        await reset();
      },
      {
        share: 0.3,
        found: [
          { method: 'GET', path: 'gates/%E0', body: '' },
          { method: 'PUT', path: 'capacity', body: '[null]' },
        ],
      },
    ),
    holds(
      'simulated AWS: what it did survives a restart',
      fc.array(
        fc.oneof(
          call,
          damagedCall.map((form) => new URLSearchParams({ ...form }).toString()),
        ),
        { maxLength: 5 },
      ),
      async (forms) => {
        for (const form of forms) await aws(form);
        const before = await send('GET', '/_simulator/instances', '');
        await simulator.close();
        simulator = await startSimulator(options);
        assert.deepEqual(await send('GET', '/_simulator/instances', ''), before);
        await reset();
      },
      { share: 0.05 },
    ),
  ];
  return {
    properties,
    async close() {
      await simulator.close();
      await files.remove();
    },
  };
}
