import assert from 'node:assert/strict';
import type { Context } from '@temporalio/activity';
import type { Headers } from '@temporalio/workflow';
import { callIdInterceptor } from '../../../worker/startup/callIdInterceptor.ts';
import { interceptors } from '../../../workflows/runtime/callIdInterceptor.ts';

type Attributes = Readonly<Record<string, unknown>>;

/** Log attributes of a workflow with this input, and of an activity that it schedules. */
async function attributesFor(input: unknown): Promise<{ workflow: Attributes; activity: Attributes }> {
  const { inbound: [entry] = [], outbound: [exit] = [] } = interceptors();
  await entry?.execute?.({ args: [input], headers: {} }, async () => undefined);
  const workflow = exit?.getLogAttributes?.({ workflowId: 'req-1' }, (attributes) => attributes) ?? {};
  const scheduled = { activityType: 'launchMachines', args: [], options: {}, headers: { other: {} }, seq: 1 };
  let headers: Headers = {};
  await exit?.scheduleActivity?.(scheduled, async (passed) => (headers = passed.headers));
  assert.ok('other' in headers);
  const { inbound, outbound } = callIdInterceptor({} as Context);
  await inbound?.execute?.({ args: [], headers }, async () => undefined);
  const activity = outbound?.getLogAttributes?.(
    { activityType: 'launchMachines' },
    (attributes) => attributes,
  );
  return { workflow, activity: activity ?? {} };
}

describe('the call id interceptor', () => {
  it('the log lines of a workflow and its activities carry the id of the call that started it', async () => {
    assert.deepEqual(await attributesFor({ v: 1, callId: 'host-1-a' }), {
      workflow: { workflowId: 'req-1', callId: 'host-1-a' },
      activity: { activityType: 'launchMachines', callId: 'host-1-a' },
    });
  });

  it('a workflow without a call id, such as the monitor, runs and logs', async () => {
    for (const input of [{ v: 1 }, undefined, { callId: 5 }]) {
      assert.deepEqual(await attributesFor(input), {
        workflow: { workflowId: 'req-1' },
        activity: { activityType: 'launchMachines' },
      });
    }
  });
});
