import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  ACTIONS_BY_API,
  actionsFor,
  COMMON_ACTIONS,
  ORPHAN_READ_ACTIONS,
  INTERRUPTION_QUEUE_ACTIONS,
} from '../../../domain/permissions/actions.ts';
import { policyFor } from '../../../domain/permissions/policy.ts';
import type { ProviderApi } from '../../../domain/template/template.ts';
import { aTemplate } from '../../fixtures/builders.ts';

const SOURCES = fileURLToPath(new URL('../../../../activities/aws', import.meta.url));
const SCOPE = { region: 'eu-west-1', account: '123456789012', deployment: 'grid1' };
const APIS = Object.keys(ACTIONS_BY_API) as ProviderApi[];

/** Files whose calls only some templates need; the calls of all other files are always needed. */
const OF_APIS: Readonly<Record<string, readonly (ProviderApi | 'queue')[]>> = {
  'interruption/interruptionQueue.ts': ['queue'],
  // Dry runs.
  'iam/permissionCheck.ts': [],
  'launch/methods/ec2FleetInstant.ts': ['EC2Fleet'],
  'launch/methods/runInstances.ts': ['RunInstances'],
  'launch/methods/ec2FleetGroup.ts': ['EC2FleetRequest', 'EC2FleetMaintain'],
  'launch/methods/spotFleet.ts': ['SpotFleetRequest', 'SpotFleetMaintain'],
  'launch/methods/autoScaling.ts': ['AutoScalingGroup'],
  'group/groupService.ts': APIS.filter((api) => api !== 'EC2Fleet' && api !== 'RunInstances'),
};

describe('the table of AWS actions', () => {
  it('the table of AWS actions has exactly the calls in the code of each launch method', async () => {
    const called: Record<string, Set<string>> = { common: new Set() };
    for (const file of await readdir(SOURCES, { recursive: true })) {
      if (!file.endsWith('.ts')) continue;
      const text = await readFile(join(SOURCES, file), 'utf8');
      for (const name of OF_APIS[file] ?? ['common']) {
        const actions = (called[name] ??= new Set());
        for (const action of actionsIn(text)) actions.add(action);
      }
    }
    assert.deepEqual(sorted(called['common'] ?? []), sorted(COMMON_ACTIONS));
    assert.deepEqual(sorted(called['queue'] ?? []), sorted(INTERRUPTION_QUEUE_ACTIONS));
    for (const api of APIS) assert.deepEqual(sorted(called[api] ?? []), sorted(ACTIONS_BY_API[api]), api);
  });
});

describe('the policy for templates', () => {
  for (const providerApi of APIS) {
    it(`the policy allows all calls of ${providerApi}, and limits launches and changes to the deployment's tag`, () => {
      const { Statement } = policyFor([aTemplate({ providerApi })], SCOPE);
      const allowed = new Set(Statement.flatMap(({ Action }) => Action));
      for (const action of actionsFor([providerApi])) assert.ok(allowed.has(action), action);
      for (const { Sid, Action, Resource, Condition } of Statement) {
        assert.ok(!Action.some((action) => action.endsWith(':*')), Sid);
        if (Sid === 'Read' || Sid === 'LaunchFrom' || Action.some((action) => action.startsWith('iam:')))
          continue;
        assert.match(JSON.stringify(Condition), /"aws:Re(quest|source)Tag\/ohf:deployment":"grid1"/, Sid);
        assert.notEqual(Resource, '*', Sid);
      }
    });
  }

  it('the policy allows the configured interruption queue and no other', () => {
    const queueOf = (queue: string | undefined) =>
      policyFor([aTemplate()], { ...SCOPE, queue }).Statement.find(
        ({ Sid }) => Sid === 'ReceiveInterruptions',
      );
    assert.equal(queueOf(undefined), undefined);
    const { Action, Resource } = queueOf('https://sqs.eu-west-1.amazonaws.com/210987654321/grid') ?? {};
    assert.deepEqual(Action, INTERRUPTION_QUEUE_ACTIONS);
    assert.deepEqual(Resource, ['arn:aws:sqs:eu-west-1:210987654321:grid']);
  });

  it('the policy has no actions of unused launch methods, except for those that find orphaned groups', () => {
    const text = JSON.stringify(policyFor([aTemplate({ providerApi: 'RunInstances' })], SCOPE));
    for (const action of ORPHAN_READ_ACTIONS) assert.ok(text.includes(`"${action}"`), action);
    assert.doesNotMatch(
      text,
      /CreateFleet|RequestSpotFleet|CancelSpotFleet|CreateServiceLinkedRole|PassRole/,
    );
    assert.doesNotMatch(text, /autoscaling:(?!DescribeAutoScalingGroups")/);
  });

  it('the policy passes only the roles, and launches only into the subnets, that templates name', () => {
    const fleetRole = 'arn:aws:iam::123456789012:role/fleet';
    const template = aTemplate({
      providerApi: 'SpotFleetRequest',
      priceType: 'spot',
      fleetRole,
      subnetIds: ['subnet-1', 'subnet-2'],
      securityGroupIds: ['sg-1'],
    });
    const { Statement } = policyFor([template], SCOPE);
    const roles = Statement.filter(({ Action }) => Action.includes('iam:PassRole'));
    assert.deepEqual(
      roles.map(({ Resource }) => Resource),
      [[fleetRole]],
    );
    const text = JSON.stringify(Statement.find(({ Sid }) => Sid === 'LaunchFrom'));
    assert.match(text, /subnet\/subnet-1.*subnet\/subnet-2.*security-group\/sg-1"/);
    assert.doesNotMatch(text, /subnet\/\*|security-group\/\*/);
  });

  const PARTITIONS = [
    ['us-gov-west-1', 'aws-us-gov', 'amazonaws.com'],
    ['cn-north-1', 'aws-cn', 'amazonaws.com.cn'],
    ['eusc-de-east-1', 'aws-eusc', 'amazonaws.eu'],
    ['us-iso-east-1', 'aws-iso', 'c2s.ic.gov'],
    ['us-isob-east-1', 'aws-iso-b', 'sc2s.sgov.gov'],
    ['eu-isoe-west-1', 'aws-iso-e', 'cloud.adc-e.uk'],
    ['us-isof-south-1', 'aws-iso-f', 'csp.hci.ic.gov'],
    ['ap-southeast-6', 'aws', 'amazonaws.com'],
  ] as const;
  for (const [region, partition, suffix] of PARTITIONS) {
    it(`the policy for ${region} has the partition and the host names of ${partition}`, () => {
      const template = aTemplate({
        instanceProfile: 'grid',
        rootVolume: { encrypted: true, kmsKeyId: 'alias/grid' },
      });
      const { Statement } = policyFor([template], { ...SCOPE, region });
      const arns = JSON.stringify(Statement).matchAll(/"arn:([^:]+):/g);
      assert.deepEqual(new Set([...arns].map(([, name]) => name)), new Set([partition]));
      const conditionOf = (sid: string) => Statement.find(({ Sid }) => Sid === sid)?.Condition;
      assert.match(JSON.stringify(conditionOf('PassInstanceRoles')), new RegExp(`"ec2\\.${suffix}"`));
      assert.deepEqual(conditionOf('UseVolumeKeys'), {
        StringLike: { 'kms:ViaService': `ec2.${region}.${suffix}` },
      });
    });
  }
});

/** The SDK calls in the sources: `new XCommand(`, `paginateX(`. */
function actionsIn(source: string): string[] {
  // One permission covers a call and its batch.
  const queues = /import \{([^}]*)\} from '@aws-sdk\/client-sqs'/.exec(source)?.[1] ?? '';
  const scaling = /import \{([^}]*)\} from '@aws-sdk\/client-auto-scaling'/.exec(source)?.[1] ?? '';
  return [...source.matchAll(/\bnew (\w+)Command\(|\bpaginate(\w+)\(/g)].map(([, command, page]) => {
    const name = command ?? page ?? '';
    if (queues.includes(`${name}Command`)) return `sqs:${name.replace(/Batch$/, '')}`;
    return `${new RegExp(`\\b(paginate)?${name}`).test(scaling) ? 'autoscaling' : 'ec2'}:${name}`;
  });
}

const sorted = (actions: Iterable<string>): string[] => [...actions].toSorted();
