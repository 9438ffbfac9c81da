import assert from 'node:assert/strict';
import { AutoScalingClient } from '@aws-sdk/client-auto-scaling';
import { EC2Client } from '@aws-sdk/client-ec2';
import { ApplicationFailure } from '@temporalio/activity';
import * as fc from 'fast-check';
import type { AwsClients } from '../../../activities/aws/client/clients.ts';
import { createAwsProvider } from '../../../activities/aws/provider.ts';
import type { Provider } from '../../../activities/provider.ts';
import type { LaunchResult, LaunchParameters } from '../../../contract/activities.ts';
import { packMachines, unpackMachines } from '../../../domain/machine/packed.ts';
import { ProviderError } from '../../../domain/errors/errors.ts';
import type { Template } from '../../../domain/template/template.ts';
import { startSimulator } from '../../../simulator/server.ts';
import { activityEnvironment } from '../../fixtures/temporal/activityEnvironment.ts';
import { aTemplate } from '../../fixtures/builders.ts';
import { simulatorControl } from '../../fixtures/cloud/simulatorClient.ts';
import { damage, isHarmless, startDamagedAws, type Damage } from '../damagedAws.ts';
import { holds, type Area } from '../property.ts';
import { text } from '../values.ts';
import type { TerminateMachinesResult } from '../../../domain/request/returns.ts';

const OWNER = { deployment: 'test', provider: 'awsinst', requestId: 'req-1' };
const APIS = ['EC2Fleet', 'RunInstances'] as const;
const ATTEMPTS = 8;

type Launched = [api: (typeof APIS)[number], units: number, damages: Damage[]];

/** What a proxy says in AWS's place: believed, it loses machines, or ends a request that AWS never refused. */
const PAGES: readonly Damage[] = [
  { kind: 'other', isHeard: true, status: 200, body: '' },
  { kind: 'other', isHeard: false, status: 200, body: '<html><body>Sign in</body></html>' },
  { kind: 'other', isHeard: true, status: 200, body: 'not XML' },
  { kind: 'other', isHeard: false, status: 403, body: '<html><body>Sign in</body></html>' },
];

/** A state that AWS may add one day: it made the ledger unreadable. The eighth value of the answer is the state. */
const STRANGE: Damage = { kind: 'replaced', pick: 7, text: 'hibernating' };

const isForged = (damages: readonly Damage[]): boolean => damages.some(({ kind }) => kind === 'replaced');

/** What a call failed with has a code and a text; nothing of it is a mistake of our own. */
function assertTold(error: unknown): void {
  const cause = error instanceof ApplicationFailure ? (error.cause ?? error) : error;
  const isTold = error instanceof ApplicationFailure || error instanceof ProviderError;
  assert.ok(isTold, error instanceof Error ? error.stack : String(error));
  const reason = cause instanceof ProviderError ? (cause.cause ?? cause) : cause;
  const isOurs = reason instanceof TypeError || reason instanceof RangeError;
  assert.ok(!isOurs || /fetch|socket|JSON|XML|parse/i.test(String(reason.stack)), String(reason));
}

/** What no transport can carry is left out: half of a pair, and characters that XML does not have. */
const carried = text.map((value) => value.replaceAll(/[\p{Cc}\p{Cs}\ufffe\uffff]/gu, ''));
const tagName = carried.filter(
  (name) => name.trim() !== '' && name !== '__proto__' && !/^(aws|ohf):/i.test(name),
);
const tagValue = fc.oneof(
  carried,
  fc.constantFrom('&Action=TerminateInstances', '<a/>', "' or 1=1", '${jndi:x}'),
);

/** As the clients of createAwsClients, without their rates. */
function clientsAt(endpoint: string): AwsClients {
  const common = {
    endpoint,
    region: 'us-east-1',
    maxAttempts: 1,
    credentials: { accessKeyId: 'made-up', secretAccessKey: 'made-up' },
  };
  const [mutating, reading] = [new EC2Client(common), new EC2Client(common)];
  const autoScaling = new AutoScalingClient(common);
  return {
    mutating,
    reading,
    autoScaling,
    destroy: () => [mutating, reading, autoScaling].forEach((one) => one.destroy()),
  };
}

/** What AWS says, and what it does not. */
export async function openAws(): Promise<Area> {
  const simulator = await startSimulator({ pendingSeconds: 0, shuttingDownSeconds: 0 });
  const control = simulatorControl(simulator.url);
  const front = await startDamagedAws(simulator.url);
  const aws = clientsAt(front.url);
  const settings = {
    pollSeconds: { min: 0.001, max: 0.001 },
    consistencySeconds: 0.001,
    onReadError: () => {},
  };
  const fresh = (): Provider => createAwsProvider(aws, settings);
  let ordinal = 0;

  /** As Temporal does: again after each failure that may be retried. */
  async function again<T>(work: (attempt: number) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await work(attempt);
      } catch (error) {
        assertTold(error);
        if (attempt === ATTEMPTS || (error instanceof ApplicationFailure && error.nonRetryable)) throw error;
      }
    }
  }

  async function launch(
    providerApi: (typeof APIS)[number],
    units: number,
    damages: readonly Damage[],
    changes: Partial<Template> = {},
  ) {
    const { launch: lane } = fresh();
    const now = Date.now();
    const token = `test-launch-${++ordinal}`;
    const input = {
      owner: OWNER,
      template: aTemplate({ providerApi, ...changes }),
      createdAt: now,
      deadline: now + 60_000,
    };
    const parameters: LaunchParameters = await activityEnvironment().run(lane.prepareLaunch, input);
    const decided = { ordinal, token, units, decidedAt: now, stage: 'open', fulfilledUnits: 0 } as const;
    const asked = { launch: decided, parameters, notAfter: now + 60_000, mayHaveBeenSent: false };
    front.damage(damages);
    const result = await again<LaunchResult>((attempt) =>
      activityEnvironment({ attempt }).run(lane.launchMachines, asked),
    ).finally(() => front.damage([]));
    const launched = (await control.log()).filter((entry) => entry.token === token);
    return { machines: result.machines, launched: launched.flatMap((entry) => entry.launched) };
  }

  /** What a template says arrives as it stands, and asks for nothing else. */
  async function launchTagged(providerApi: (typeof APIS)[number], tags: Readonly<Record<string, string>>) {
    const since = (await control.log()).length;
    const { machines } = await launch(providerApi, 1, [], { tags });
    const calls = (await control.log(since)).map(({ action }) => action);
    const views = await control.instances();
    const own = views.find(({ id }) => id === machines[0]?.machineId)?.tags ?? {};
    return {
      calls,
      own: Object.fromEntries(Object.entries(own).filter(([key]) => !/^(ohf|aws):/.test(key))),
    };
  }

  const anApi = fc.constantFrom(...APIS);
  const damages = fc.array(damage, { minLength: 1, maxLength: 2 });
  const properties = [
    holds(
      'AWS: texts of a template arrive as they stand, and ask for nothing else',
      fc.tuple(
        anApi,
        fc.uniqueArray(fc.tuple(tagName, tagValue), { maxLength: 3, selector: ([name]) => name }),
      ),
      async ([api, tags]) => {
        const { calls, own } = await launchTagged(api, Object.fromEntries(tags));
        assert.deepEqual(own, Object.fromEntries(tags));
        const allowed = ['CreateFleet', 'RunInstances', 'DescribeLaunchTemplates', 'CreateLaunchTemplate'];
        assert.deepEqual(
          calls.filter((action) => !allowed.includes(action)),
          [],
        );
      },
      {
        share: 0.04,
        found: [['RunInstances', [['a&Action=TerminateInstances', '</value></item>&InstanceId.1=i-1']]]],
      },
    ),
    holds(
      'AWS: a launch is known with all its machines, whatever became of the answers',
      fc.tuple(anApi, fc.integer({ min: 1, max: 3 }), damages) as fc.Arbitrary<Launched>,
      async ([api, units, damaged]) => {
        const { machines, launched } = await launch(api, units, damaged);
        // A made-up id that looks like one is believed; everything that was launched is known all the same.
        if (isForged(damaged)) return;
        assert.deepEqual(machines.map(({ machineId }) => machineId).toSorted(), launched.toSorted());
        assert.equal(launched.length, units);
      },
      {
        share: 0.06,
        found: [
          ...APIS.flatMap((api) => PAGES.map((page): Launched => [api, 1, [page]])),
          ['RunInstances', 1, [{ kind: 'without', pick: 1 }]] as Launched,
        ],
      },
    ),
    holds(
      'AWS: a launch template is made right, or not at all',
      damages,
      async (damaged) => {
        const { launch: lane } = fresh();
        const template = aTemplate({
          imageId: 'ami-00000000000000001',
          rootVolume: { sizeGiB: 10 + ++ordinal },
        });
        const input = { owner: OWNER, template, createdAt: Date.now(), deadline: Date.now() + 60_000 };
        front.damage(damaged);
        try {
          const made = await again<LaunchParameters>(() =>
            activityEnvironment().run(lane.prepareLaunch, input),
          );
          const { launchTemplateId: id } = made as unknown as { launchTemplateId: string };
          if (!isForged(damaged)) assert.match(id, /^lt-/);
        } catch (error) {
          // AWS's own codes may be forged into one that ends it.
          if (!isForged(damaged)) throw error;
        } finally {
          front.damage([]);
        }
      },
      { share: 0.04, found: PAGES.map((page) => [page]) },
    ),
    holds(
      'AWS: a machine that AWS confirms as terminating is terminated',
      damages,
      async (damaged) => {
        const { machines } = await launch('RunInstances', 2, []);
        const machineIds = machines.map(({ machineId }) => machineId);
        front.damage(damaged);
        const { terminate: lane } = fresh();
        const { refused } = await again<TerminateMachinesResult>(() =>
          activityEnvironment().run(lane.terminateMachines, { machineIds }),
        ).finally(() => front.damage([]));
        const live = new Set((await control.summary()).liveIds);
        const kept = new Set(refused.map(({ machineId }) => machineId));
        assert.deepEqual(
          machineIds.filter((id) => live.has(id) && !kept.has(id)),
          [],
        );
      },
      { share: 0.04, found: PAGES.map((page) => [page]) },
    ),
    holds(
      'AWS: a read is complete or fails, and its states are known ones',
      damage,
      async (damaged) => {
        const { machines } = await launch('RunInstances', 2, []);
        const machineIds = machines.map(({ machineId }) => machineId).toSorted();
        const { machines: reader } = fresh();
        front.damage([damaged]);
        let seen;
        try {
          seen = [...(await reader.readMachines(machineIds)).values()];
        } catch (error) {
          assertTold(error);
          assert.ok(!isHarmless(damaged), `harmless: ${String(error)}`);
          return;
        } finally {
          front.damage([]);
        }
        const ledger = seen.map(({ owner: _, ...sighting }) => ({
          ...sighting,
          result: 'succeed' as const,
          message: '',
          units: 1,
          release: 'held' as const,
        }));
        assert.deepEqual(unpackMachines(JSON.parse(JSON.stringify(packMachines(ledger)))), ledger);
        if (!isForged([damaged]))
          assert.deepEqual(seen.map(({ machineId }) => machineId).toSorted(), machineIds);
      },
      { share: 0.04, found: [...PAGES, STRANGE] },
    ),
  ];
  return {
    properties,
    async close() {
      aws.destroy();
      await front.close();
      await simulator.close();
    },
  };
}
