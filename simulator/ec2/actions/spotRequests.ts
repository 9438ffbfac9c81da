import type { Call, Outcome } from '../../protocol/call.ts';
import { readFilters, readPage } from '../../protocol/filters.ts';
import type { Instance } from '../../state/model.ts';
import { stateAt } from '../../state/world.ts';

/** DescribeSpotInstanceRequests: the requests of spot instances, with their interruption notices. */
export function describeSpotInstanceRequests(call: Call): Outcome {
  const test = readFilters<Instance>(call.params, {
    fields: {
      'status-code': (instance) => statusOf(call, instance),
      'instance-id': ({ id }) => id,
      'spot-instance-request-id': ({ spotRequestId }) => spotRequestId,
    },
  });
  const { items, nextToken } = readPage(
    call,
    call.world.launchOrder,
    (instance) =>
      instance.spotRequestId !== undefined && instance.launchedAt <= call.snapshotAt && test(instance),
  );
  return {
    body: {
      spotInstanceRequestSet: items.map((instance) => ({
        spotInstanceRequestId: instance.spotRequestId,
        instanceId: instance.id,
        state: stateAt(instance, call.now) === 'terminated' ? 'closed' : 'active',
        status: {
          code: statusOf(call, instance),
          updateTime: new Date(instance.interruption?.noticeAt ?? instance.launchedAt).toISOString(),
        },
      })),
      nextToken,
    },
  };
}

function statusOf(call: Call, instance: Instance): string {
  const notice = instance.interruption;
  if (instance.termination !== undefined) {
    return notice ? 'instance-terminated-no-capacity' : 'instance-terminated-by-user';
  }
  return notice !== undefined && notice.noticeAt <= call.snapshotAt ? 'marked-for-termination' : 'fulfilled';
}
