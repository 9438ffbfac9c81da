import { strict as assert } from 'node:assert';
import { eventually } from '../../fixtures/eventually.ts';
import { readTemplates, writeTemplates, type Bench } from '../bench.ts';
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
  /** By a template whose image AWS does not have. */
  readonly refused: Ended;
  /** Two machines that AWS launches and that never run. */
  readonly slow: Ended;
}

/** Each bound is half a minute, so all who must end by it are made at once, and once. */
const known = new WeakMap<World, Promise<Shortfalls>>();

export function shortfalls(bench: Bench): Promise<Shortfalls> {
  const found = known.get(bench.world) ?? make(bench);
  known.set(bench.world, found);
  // A plugin that could not even do this is asked again.
  found.catch(() => known.delete(bench.world));
  return found;
}

async function make(bench: Bench): Promise<Shortfalls> {
  const { world } = bench;
  const [first] = await readTemplates(bench.plugin);
  const more = [
    { ...first, templateId: 'refused', imageId: 'ami-0fffffffffffffff0' },
    { ...first, templateId: 'slow', vmType: 'm5.large' },
  ];
  await writeTemplates(bench.plugin, [...(await readTemplates(bench.plugin)), ...more]);
  await world.setBound(BOUND_SECONDS);
  await world.aws.setPools([
    { instanceType: 't3.medium', lifecycle: 'on-demand', capacity: 7 },
    { lifecycle: 'spot', capacity: 0 },
  ]);
  const began = Date.now();
  const some = await bench.request(10, TEMPLATE);
  const none = await bench.request(3, SPOT_TEMPLATE);
  const refused = await bench.request(2, 'refused');
  await eventually('the 7 that there are run', async () => {
    const running = (await world.aws.instances()).filter(({ live, state }) => live && state === 'running');
    return running.length === 7;
  });
  await world.aws.setSettings({ pendingSeconds: 10_000 });
  const slow = await bench.request(2, 'slow');

  const owned = async (requestId: string) =>
    (await world.aws.instances()).filter(({ tags }) => Object.values(tags).includes(requestId));
  const watched = await Promise.all(
    [some, none, refused, slow].map(async (requestId) => {
      await bench.end(requestId, (BOUND_SECONDS + 20) * 1_000);
      const endedWithinSeconds = (Date.now() - began) / 1_000;
      return { requestId, endedWithinSeconds, launched: (await owned(requestId)).length };
    }),
  );
  await world.aws.setPools([]);
  // What would still be launched for those that are missing comes before a whole other request.
  const other = await bench.request(1, SPOT_TEMPLATE);
  await eventually('another request launches', async () => (await owned(other)).length > 0);
  const ended = await Promise.all(
    watched.map(async ({ launched, ...each }): Promise<Ended> => {
      const own = await owned(each.requestId);
      const aliveAtEnd = own.filter(({ live }) => live).map(({ id }) => id);
      return { ...each, launchedLater: own.length - launched, aliveAtEnd };
    }),
  );
  const [ofSome, ofNone, ofRefused, ofSlow] = ended;
  assert.ok(ofSome && ofNone && ofRefused && ofSlow);
  return { some: ofSome, none: ofNone, refused: ofRefused, slow: ofSlow };
}
