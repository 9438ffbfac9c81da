import { strict as assert } from 'node:assert';
import { copyFile, rm } from 'node:fs/promises';
import type { Harness } from '../harness.ts';
import { readTemplates, writeTemplates } from '../harness.ts';
import { checksFrom } from '../check.ts';
import { IBM_SAMPLE_TEMPLATES } from '../../fixtures/ibmSamples.ts';
import { logText } from './surroundings.ts';

const list = async (harness: Harness) => (await harness.ok('getAvailableTemplates', {})).templates;
const message = async (harness: Harness) => {
  const answer = (await harness.ok('getAvailableTemplates', {})) as { message?: unknown };
  return String(answer.message);
};
const idsOf = (templates: readonly { templateId: string }[]) => templates.map(({ templateId }) => templateId);

/** The first template of the plugin, with other values. */
async function like(harness: Harness, ...changes: readonly object[]): Promise<readonly object[]> {
  const [first] = await readTemplates(harness.plugin);
  assert.ok(first);
  return changes.map((change) => ({ ...first, ...change }));
}

async function readsBothForms(harness: Harness): Promise<void> {
  const all = await list(harness);
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
  await writeTemplates(harness.plugin, await like(harness, { attributes: plain }));
  const [scalars] = await list(harness);
  assert.deepEqual(scalars?.attributes, pairs.attributes, 'plain values differ from pairs');
}

async function refusesWhatIsNoList(harness: Harness): Promise<void> {
  for (const text of ['', '{"templates":', '{"templates":[]}', '{}', '[]']) {
    await writeTemplates(harness.plugin, text);
    await harness.refused('getAvailableTemplates', {});
  }
  await rm(harness.plugin.templatesFile);
  await harness.refused('getAvailableTemplates', {});
}

async function leavesOutBadOnes(harness: Harness): Promise<void> {
  const templateId = `bad-${process.pid}-${Date.now()}`;
  const bad = { templateId, vmType: 7 };
  await writeTemplates(harness.plugin, await like(harness, { templateId: 'good-one' }, bad));
  assert.deepEqual(idsOf(await list(harness)), ['good-one']);
  assert.match(await message(harness), new RegExp(templateId), 'the one left out is not named');
  assert.match(await logText(harness.plugin), new RegExp(templateId), 'the one left out is not in the log');
  await writeTemplates(harness.plugin, await like(harness, bad));
  await harness.refused('getAvailableTemplates', {});
}

async function readsTheFileEachTime(harness: Harness): Promise<void> {
  await list(harness);
  await writeTemplates(harness.plugin, await like(harness, {}, { templateId: 'new-one', maxNumber: 7 }));
  const found = (await list(harness)).find(({ templateId }) => templateId === 'new-one');
  assert.equal(found?.maxNumber, 7, 'an edit does not count at once');
  await writeTemplates(harness.plugin, '{"templates":[{"templateId":"new-one","maxN');
  await harness.refused('getAvailableTemplates', {});
}

async function needsNobody(harness: Harness): Promise<void> {
  await harness.world.stopWorker();
  await harness.world.stopTemporal();
  await harness.within(2_000, 'getAvailableTemplates', {});
  await list(harness);
}

async function flagsBadIds(harness: Harness): Promise<void> {
  const [once] = await like(harness, { templateId: 'twice', maxNumber: 7 });
  await writeTemplates(harness.plugin, [
    once ?? {},
    ...(await like(harness, { templateId: 'twice', maxNumber: 8 })),
  ]);
  const { code, output } = await harness.call('getAvailableTemplates', {});
  assert.match(output, /twice/, 'a doubled templateId is not named');
  if (code === 0) {
    const [first, ...others] = await list(harness);
    assert.deepEqual([first?.maxNumber, others.length], [7, 0], 'the first does not win');
    assert.match(await message(harness), /twice/, 'a doubled templateId is not named');
  }
  for (const templateId of ['a'.repeat(65), 'a b', 'ä']) {
    const fine = { templateId: 'fine' };
    await writeTemplates(harness.plugin, await like(harness, fine, { templateId }));
    assert.deepEqual(idsOf(await list(harness)), ['fine'], `'${templateId}' is offered`);
    assert.match(await message(harness), /left out|templateId/, `'${templateId}' is not flagged`);
  }
}

export const templates = checksFrom(11, [
  [
    "IBM's three examples, as they are, make three templates in the order of the file",
    async (harness) => {
      await copyFile(IBM_SAMPLE_TEMPLATES, harness.plugin.templatesFile);
      const written = (await readTemplates(harness.plugin)).map(({ templateId }) => templateId);
      assert.deepEqual([written.length, idsOf(await list(harness))], [3, written]);
    },
  ],
  [
    'every attribute is a pair of texts, four are always there, and plain values in the file mean the same',
    readsBothForms,
  ],
  [
    'maxNumber is a number, and -1 stays -1',
    async (harness) => {
      await writeTemplates(harness.plugin, await like(harness, { maxNumber: -1 }));
      assert.deepEqual(
        (await list(harness)).map(({ maxNumber }) => maxNumber),
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
  ['templates are listed within 2 s without Temporal and without a worker', needsNobody],
  ['a templateId that stands twice, is too long or has other characters is flagged', flagsBadIds],
]);
