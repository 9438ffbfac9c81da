import { strict as assert } from 'node:assert';
import { eventually } from '../../fixtures/eventually.ts';
import { readTemplates, writeTemplates, type Harness } from '../harness.ts';
import { SPOT_TEMPLATE, TEMPLATE, type World } from '../plugin.ts';

/** The shortest bound that a site may set. */
export const BOUND_SECONDS = 30;

interface Ended {
  readonly requestId: string;
  readonly endedWithinSeconds: number;
  /** Of all that AWS launched after it was ended. */
  readonly launchedLater: number;
  readonly aliveAtEnd: readonly string[];
}

export interface Shortfalls {
  /** 10 machines where AWS has 7. */
  readonly some: Ended;
  /** Where AWS has none. */
  readonly none: Ended;
  /** By templates whose image, or whose subnet, AWS does not have. */
  readonly badImage: Ended;
  readonly badSubnet: Ended;
  /** While AWS allows no launch. */
  readonly denied: Ended;
  /** Two machines that AWS launches and that never run. */
  readonly slow: Ended;
}

/** Each bound is half a minute, so all who must end by it are made at once, and once. */
const known = new WeakMap<World, Promise<Shortfalls>>();

export function shortfalls(harness: Harness): Promise<Shortfalls> {
  const found = known.get(harness.world) ?? make(harness);
  known.set(harness.world, found);
  // A plugin that could not even do this is asked again.
  found.catch(() => known.delete(harness.world));
  return found;
}

async function make(harness: Harness): Promise<Shortfalls> {
  const { world } = harness;
  const [first] = await readTemplates(harness.plugin);
  const more = [
    { ...first, templateId: 'bad-image', imageId: 'ami-0fffffffffffffff0' },
    { ...first, templateId: 'bad-subnet', subnetId: 'subnet-0fffffffffffffff0' },
    { ...first, templateId: 'slow', vmType: 'm5.large' },
  ];
  await writeTemplates(harness.plugin, [...(await readTemplates(harness.plugin)), ...more]);
  await world.setBound(BOUND_SECONDS);
  await world.aws.setPools([
    { instanceType: 't3.medium', lifecycle: 'on-demand', capacity: 7 },
    { lifecycle: 'spot', capacity: 0 },
  ]);
  const asked = new Map<string, number>();
  const ask = async (count: number, templateId: string) => {
    const requestId = await harness.request(count, templateId);
    asked.set(requestId, Date.now());
    return requestId;
  };
  const ids: readonly string[] = [
    await whileDenied(harness, () => ask(2, TEMPLATE)),
    await ask(10, TEMPLATE),
    await ask(3, SPOT_TEMPLATE),
    await ask(2, 'bad-image'),
    await ask(2, 'bad-subnet'),
    await afterTheOthers(harness, () => ask(2, 'slow')),
  ];

  const owned = async (requestId: string) =>
    (await world.aws.instances()).filter(({ tags }) => Object.values(tags).includes(requestId));
  const watched = await Promise.all(
    ids.map(async (requestId) => {
      await harness.end(requestId, (BOUND_SECONDS + 20) * 1_000, 1_000);
      const endedWithinSeconds = (Date.now() - (asked.get(requestId) ?? 0)) / 1_000;
      return { requestId, endedWithinSeconds, launched: (await owned(requestId)).length };
    }),
  );
  await world.aws.setPools([]);
  // What would still be launched for those that are missing comes before a whole other request.
  const other = await harness.request(1, SPOT_TEMPLATE);
  await eventually('another request launches', async () => (await owned(other)).length > 0);
  const ended = await Promise.all(
    watched.map(async ({ launched, ...each }): Promise<Ended> => {
      const own = await owned(each.requestId);
      const aliveAtEnd = own.filter(({ live }) => live).map(({ id }) => id);
      return { ...each, launchedLater: own.length - launched, aliveAtEnd };
    }),
  );
  const [denied, some, none, badImage, badSubnet, slow] = ended;
  assert.ok(denied && some && none && badImage && badSubnet && slow);
  return { denied, some, none, badImage, badSubnet, slow };
}

/** Requests while AWS denies launches, until the request has ended. */
async function whileDenied(harness: Harness, ask: () => Promise<string>): Promise<string> {
  const { aws } = harness.world;
  await aws.deny(['CreateFleet', 'RunInstances']);
  const requestId = await ask();
  await harness.end(requestId, (BOUND_SECONDS + 20) * 1_000, 1_000);
  await aws.deny([]);
  return requestId;
}

/** Asks for machines that never run, once the 7 that there are run. */
async function afterTheOthers({ world }: Harness, ask: () => Promise<string>): Promise<string> {
  await eventually('the 7 that there are run', async () => {
    const running = (await world.aws.instances()).filter(({ live, state }) => live && state === 'running');
    return running.length === 7;
  });
  await world.aws.setSettings({ pendingSeconds: 10_000 });
  return ask();
}
