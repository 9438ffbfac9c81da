import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { isInstanceId } from '../../../activities/aws/client/responseGuards.ts';
import { parseInstanceEvent } from '../../../activities/aws/interruption/instanceEvents.ts';
import { holds, type Area } from '../property.ts';
import { damaged, deep, json, nested, text, textWith } from '../values.ts';

const NOW = Date.parse('2026-01-01T00:00:00Z');
const WARNING = {
  'detail-type': 'EC2 Spot Instance Interruption Warning',
  time: '2026-01-01T00:00:00Z',
  detail: { 'instance-id': 'i-0123456789abcdef0', 'instance-action': 'terminate' },
};
const event = fc.constantFrom(
  WARNING,
  { ...WARNING, 'detail-type': 'EC2 Instance Rebalance Recommendation' },
  {
    ...WARNING,
    'detail-type': 'EC2 Instance State-change Notification',
    detail: { ...WARNING.detail, state: 'stopped' },
  },
);
/** What is wrong stands in the event itself or in its detail. */
const wrong = fc.oneof(
  damaged(event),
  damaged(fc.constant(WARNING.detail)).map((detail) => ({ ...WARNING, detail })),
);

/** Messages of the queue into which EventBridge puts what it tells of instances; whoever may send to it writes them. */
export async function openAnnouncements(): Promise<Area> {
  const properties = [
    holds(
      'announcements: a message names an instance, means nothing, or is dropped',
      fc.oneof(
        fc.oneof(event, wrong, json).map((value) => JSON.stringify(value) ?? ''),
        fc
          .oneof(event, wrong)
          .map((value) => JSON.stringify({ Type: 'Notification', Message: JSON.stringify(value) })),
        fc
          .tuple(fc.constantFrom('time', 'detail', 'more'), deep)
          .map(([key, value]) => textWith(WARNING, key, nested(value))),
        text,
      ),
      (body) => {
        let read;
        try {
          read = parseInstanceEvent(body, NOW);
        } catch (error) {
          assert.ok(error instanceof SyntaxError, String(error));
          return;
        }
        if (!read) return;
        assert.ok(isInstanceId(read.machineId), read.machineId);
        assert.ok(read.interruptionAt === undefined || Number.isSafeInteger(read.interruptionAt));
      },
      { found: [JSON.stringify({ ...WARNING, detail: { ...WARNING.detail, 'instance-id': 'i-*' } })] },
    ),
  ];
  return { properties, close: async () => undefined };
}
