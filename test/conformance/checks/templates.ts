import { strict as assert } from 'node:assert';
import { copyFile, rm } from 'node:fs/promises';
import type { Bench } from '../harness.ts';
import { readTemplates, writeTemplates } from '../harness.ts';
import { checksFrom } from '../check.ts';
import { IBM_SAMPLE_TEMPLATES } from '../../fixtures/ibmSamples.ts';
import { logText } from './surroundings.ts';

const list = async (bench: Bench) => (await bench.ok('getAvailableTemplates', {})).templates;
const message = async (bench: Bench) => {
  const answer = (await bench.ok('getAvailableTemplates', {})) as { message?: unknown };
  return String(answer.message);
};
const idsOf = (templates: readonly { templateId: string }[]) => templates.map(({ templateId }) => templateId);

/** The first template of the plugin, with other values. */
async function like(bench: Bench, ...changes: readonly object[]): Promise<readonly object[]> {
  const [first] = await readTemplates(bench.plugin);
  assert.ok(first);
  return changes.map((change) => ({ ...first, ...change }));
}

async function readsBothForms(bench: Bench): Promise<void> {
  const all = await list(bench);
  for (const [name, value] of all.flatMap(({ attributes }) => Object.entries(attributes))) {
    assert.ok(Array.isArray(value) && value.length === 2, `${name} is no pair`);
    assert.ok(
      value.every((part) => typeof part === 'string'),
      `${name} holds something else than texts`,
    );
  }
  const [pairs] = all;
  assert.ok(pairs);
  const plain = { type: 'X86_64', ncpus: 1, ncores: 2, nram: 4096 };
  await writeTemplates(bench.plugin, await like(bench, { attributes: plain }));
  const [scalars] = await list(bench);
  assert.deepEqual(scalars?.attributes, pairs.attributes, 'plain values differ from pairs');
}

async function refusesWhatIsNoList(bench: Bench): Promise<void> {
  for (const text of ['', '{"templates":', '{"templates":[]}', '{}', '[]']) {
    await writeTemplates(bench.plugin, text);
    await bench.refused('getAvailableTemplates', {});
  }
  await rm(bench.plugin.templatesFile);
  await bench.refused('getAvailableTemplates', {});
}

async function leavesOutBadOnes(bench: Bench): Promise<void> {
  const templateId = `bad-${process.pid}-${Date.now()}`;
  const bad = { templateId, vmType: 7 };
  await writeTemplates(bench.plugin, await like(bench, { templateId: 'good-one' }, bad));
  assert.deepEqual(idsOf(await list(bench)), ['good-one']);
  assert.match(await message(bench), new RegExp(templateId), 'the one left out is not named');
  assert.match(await logText(bench.plugin), new RegExp(templateId), 'the one left out is not in the log');
  await writeTemplates(bench.plugin, await like(bench, bad));
  await bench.refused('getAvailableTemplates', {});
}

async function readsTheFileEachTime(bench: Bench): Promise<void> {
  await list(bench);
  await writeTemplates(bench.plugin, await like(bench, {}, { templateId: 'new-one', maxNumber: 7 }));
  const found = (await list(bench)).find(({ templateId }) => templateId === 'new-one');
  assert.equal(found?.maxNumber, 7, 'an edit does not count at once');
  await writeTemplates(bench.plugin, '{"templates":[{"templateId":"new-one","maxN');
  await bench.refused('getAvailableTemplates', {});
}

async function needsNobody(bench: Bench): Promise<void> {
  await bench.world.stopWorker();
  await bench.world.stopTemporal();
  await bench.within(2_000, 'getAvailableTemplates', {});
  await list(bench);
}

async function flagsBadIds(bench: Bench): Promise<void> {
  const [once] = await like(bench, { templateId: 'twice', maxNumber: 7 });
  await writeTemplates(bench.plugin, [
    once ?? {},
    ...(await like(bench, { templateId: 'twice', maxNumber: 8 })),
  ]);
  const { code, output } = await bench.call('getAvailableTemplates', {});
  assert.match(output, /twice/, 'a doubled templateId is not named');
  if (code === 0) {
    const [first, ...others] = await list(bench);
    assert.deepEqual([first?.maxNumber, others.length], [7, 0], 'the first does not win');
    assert.match(await message(bench), /twice/, 'a doubled templateId is not named');
  }
  for (const templateId of ['a'.repeat(65), 'a b', 'ä']) {
    const fine = { templateId: 'fine' };
    await writeTemplates(bench.plugin, await like(bench, fine, { templateId }));
    assert.deepEqual(idsOf(await list(bench)), ['fine'], `'${templateId}' is offered`);
    assert.match(await message(bench), /left out|templateId/, `'${templateId}' is not flagged`);
  }
}

export const templates = checksFrom(11, [
  [
    "IBM's three examples, as they are, make three templates in the order of the file",
    async (bench) => {
      await copyFile(IBM_SAMPLE_TEMPLATES, bench.plugin.templatesFile);
      const written = (await readTemplates(bench.plugin)).map(({ templateId }) => templateId);
      assert.deepEqual([written.length, idsOf(await list(bench))], [3, written]);
    },
  ],
  [
    'every attribute is a pair of texts, four are always there, and plain values in the file mean the same',
    readsBothForms,
  ],
  [
    'maxNumber is a number, and -1 stays -1',
    async (bench) => {
      await writeTemplates(bench.plugin, await like(bench, { maxNumber: -1 }));
      assert.deepEqual(
        (await list(bench)).map(({ maxNumber }) => maxNumber),
        [-1],
      );
    },
  ],
  [
    'a templates file that is missing, damaged or empty is an error, never an empty list',
    refusesWhatIsNoList,
  ],
  ['a bad template is left out and named, also in the log; if all are bad it is an error', leavesOutBadOnes],
  [
    'an edit of the templates file counts at the next call; a half written file is an error',
    readsTheFileEachTime,
  ],
  ['templates are told within 2 s without Temporal and without a worker', needsNobody],
  ['a templateId that stands twice, is too long or has other characters is flagged', flagsBadIds],
]);
