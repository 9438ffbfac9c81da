import type { Call, Outcome } from '../../protocol/call.ts';
import { privateDnsName } from '../../state/catalogue.ts';
import { readFilters, readPage } from '../../protocol/filters.ts';
import type { Filterable, Page } from '../../protocol/filters.ts';
import { checkIdCount, findInstances } from '../instanceIds.ts';
import { reservationXml, stateXml } from '../instanceXml.ts';
import type { Instance } from '../../state/model.ts';
import { flag, stringList } from '../../protocol/params.ts';
import { existsAt, stateAt, tagsAt } from '../../state/world.ts';
import type { Xml } from '../../protocol/xml.ts';

const maxStatusIds = 100;

/** DescribeInstances by ids or filters, in pages of instances; a reservation may span two pages, as in AWS. */
export function describeInstances(call: Call): Outcome {
  const page = select(call, filterable(call), () => true);
  const reservations: Instance[][] = [];
  for (const instance of page.items) {
    const current = reservations.at(-1);
    if (current?.[0]?.reservationId === instance.reservationId) current.push(instance);
    else reservations.push([instance]);
  }
  return {
    body: {
      reservationSet: reservations.map((instances) => reservationXml(call, instances, call.snapshotAt)),
      nextToken: page.nextToken,
    },
  };
}

/** DescribeInstanceStatus: running instances only, unless IncludeAllInstances. */
export function describeInstanceStatus(call: Call): Outcome {
  checkIdCount(stringList(call.params, 'InstanceId'), maxStatusIds);
  const all = flag(call.params, 'IncludeAllInstances') ?? false;
  const page = select(
    call,
    statusFilterable(call),
    (instance) => all || stateAt(instance, call.snapshotAt) === 'running',
  );
  return {
    body: {
      instanceStatusSet: page.items.map((instance) => statusXml(call, instance)),
      nextToken: page.nextToken,
    },
  };
}

function select(
  call: Call,
  kind: Filterable<Instance>,
  keep: (instance: Instance) => boolean,
): Page<Instance> {
  const ids = stringList(call.params, 'InstanceId');
  const byId = ids.length > 0;
  const all = byId ? findInstances(call, ids) : call.world.launchOrder;
  const filter = readFilters(call.params, kind);
  return readPage(call, all, (each) => existsAt(each, call.snapshotAt) && keep(each) && filter(each), {
    byId,
  });
}

function filterable(call: Call): Filterable<Instance> {
  const time = call.snapshotAt;
  const { region, vpcId } = call.catalogue;
  const hasAddress = (instance: Instance): boolean => stateAt(instance, time) !== 'terminated';
  return {
    fields: {
      architecture: (instance) => instance.architecture,
      'availability-zone': (instance) => instance.zone,
      'client-token': (instance) => instance.clientToken,
      'image-id': (instance) => instance.imageId,
      'instance-id': (instance) => instance.id,
      'instance-lifecycle': (instance) => (instance.lifecycle === 'spot' ? 'spot' : undefined),
      'instance-state-name': (instance) => stateAt(instance, time),
      'instance-type': (instance) => instance.instanceType,
      'key-name': (instance) => instance.keyName,
      'launch-time': (instance) => new Date(instance.launchedAt).toISOString(),
      'private-dns-name': (instance) => (hasAddress(instance) ? privateDnsName(region, instance) : undefined),
      'private-ip-address': (instance) => (hasAddress(instance) ? instance.privateIp : undefined),
      'reservation-id': (instance) => instance.reservationId,
      'spot-instance-request-id': (instance) => instance.spotRequestId,
      'state-reason-code': (instance) => instance.termination?.code,
      'subnet-id': (instance) => (hasAddress(instance) ? instance.subnetId : undefined),
      'vpc-id': (instance) => (hasAddress(instance) ? vpcId : undefined),
    },
    tags: (instance) => tagsAt(instance, time),
  };
}

function statusFilterable(call: Call): Filterable<Instance> {
  return {
    fields: {
      'availability-zone': (instance) => instance.zone,
      'instance-state-name': (instance) => stateAt(instance, call.snapshotAt),
      'instance-status.status': (instance) => health(call, instance),
      'system-status.status': (instance) => health(call, instance),
    },
    tags: (instance) => tagsAt(instance, call.snapshotAt),
  };
}

function health(call: Call, instance: Instance): string {
  return stateAt(instance, call.snapshotAt) === 'running' ? 'ok' : 'not-applicable';
}

function statusXml(call: Call, instance: Instance): Xml {
  const status = health(call, instance);
  const details = [{ name: 'reachability', status: 'passed' }];
  const summary = { status, details: status === 'ok' ? details : [] };
  return {
    instanceId: instance.id,
    availabilityZone: instance.zone,
    instanceState: stateXml(stateAt(instance, call.snapshotAt)),
    instanceStatus: summary,
    systemStatus: summary,
  };
}
