import assert from 'node:assert/strict';
import { parseInstanceEvent } from '../../../activities/aws/interruption/instanceEvents.ts';

const time = '2026-01-01T00:00:00Z';
const AT = Date.parse(time);
const machineId = 'i-0123456789abcdef0';

const event = (type: string, detail: object = {}): string =>
  JSON.stringify({
    version: '0',
    id: '1',
    'detail-type': type,
    source: 'aws.ec2',
    account: '123456789012',
    time,
    region: 'us-east-1',
    resources: [`arn:aws:ec2:us-east-1:123456789012:instance/${machineId}`],
    detail: { 'instance-id': machineId, ...detail },
  });
const WARNING = 'EC2 Spot Instance Interruption Warning';
const STATE = 'EC2 Instance State-change Notification';

describe('an event of EC2', () => {
  const rows: readonly (readonly [string, string, object | undefined])[] = [
    [
      'an interruption notice two minutes ahead',
      event(WARNING, { 'instance-action': 'terminate' }),
      { kind: 'interruption', machineId, interruptionAt: AT + 120_000 },
    ],
    [
      'a hibernation that begins at once',
      event(WARNING, { 'instance-action': 'hibernate' }),
      { kind: 'interruption', machineId, interruptionAt: AT },
    ],
    [
      'a rebalance recommendation',
      event('EC2 Instance Rebalance Recommendation'),
      { kind: 'rebalance', machineId, interruptionAt: AT + 120_000 },
    ],
    [
      'a termination',
      event(STATE, { state: 'terminated' }),
      { kind: 'state', machineId, state: 'terminated' },
    ],
    ['a stop that may be over', event(STATE, { state: 'stopped' }), { kind: 'state', machineId }],
    ['a start', event(STATE, { state: 'running' }), undefined],
    ['an event of another service', event('AWS Health Event'), undefined],
    ['a type named like a property of every object', event('constructor'), undefined],
  ];
  for (const [what, body, meaning] of rows) {
    it(`${what} is parsed`, () => assert.deepEqual(parseInstanceEvent(body, AT), meaning));
    it(`${what} is parsed from an envelope of SNS`, () => {
      const envelope = JSON.stringify({ Type: 'Notification', MessageId: '1', Message: body });
      assert.deepEqual(parseInstanceEvent(envelope, AT), meaning);
    });
  }

  it('an event that is older than ten minutes is ignored', () => {
    const warning = event(WARNING);
    assert.ok(parseInstanceEvent(warning, AT + 10 * 60_000));
    assert.equal(parseInstanceEvent(warning, AT + 10 * 60_000 + 1), undefined);
  });

  const malformed: readonly (readonly [string, RegExp])[] = [
    ['', /JSON/],
    ['hello', /JSON/],
    ['[]', /not an object/],
    ['null', /not an object/],
    ['{}', /no 'detail-type'/],
    ['{"Message":"{"}', /JSON/],
    [JSON.stringify({ 'detail-type': WARNING, time }), /names no instance/],
    [JSON.stringify({ 'detail-type': WARNING, time, detail: { 'instance-id': 7 } }), /names no instance/],
    [JSON.stringify({ 'detail-type': WARNING, detail: { 'instance-id': machineId } }), /has no time/],
  ];
  for (const [body, reason] of malformed) {
    it(`a message that is not an event of EC2 is rejected: ${body || "''"}`, () =>
      assert.throws(() => parseInstanceEvent(body, AT), { name: 'SyntaxError', message: reason }));
  }
});
