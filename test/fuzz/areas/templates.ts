import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { IBM_KEYS, OWN_KEYS } from '../../../config/templates/keys.ts';
import { onDemand, scratch, spot } from '../../fixtures/scratch.ts';
import { call } from '../caller.ts';
import { holds, type Area } from '../property.ts';
import { damaged, deep, json, nested, text, textWith } from '../values.ts';

/** A template with one to three of its keys, and of all that we know, set to anything. */
const changed = (whole: object): fc.Arbitrary<object> =>
  fc
    .array(fc.tuple(fc.constantFrom(...IBM_KEYS, ...OWN_KEYS), json), { minLength: 1, maxLength: 3 })
    .map((changes) => ({ ...whole, ...Object.fromEntries(changes) }));

const template = fc.oneof(
  fc.constantFrom(onDemand(), spot()),
  damaged(fc.constantFrom(onDemand(), spot())),
  changed(onDemand()),
  changed(spot()),
  json,
);

/** What Host Factory reads of a template: an id, a count and pairs of texts. */
function assertOffered(offered: unknown): asserts offered is { templateId: string } {
  const { templateId, maxNumber, attributes } = offered as Record<string, unknown>;
  assert.ok(typeof templateId === 'string' && templateId !== '', String(templateId));
  assert.ok(Number.isInteger(maxNumber), String(maxNumber));
  for (const pair of Object.values(attributes as object) as unknown[])
    assert.ok(Array.isArray(pair) && pair.length === 2 && pair.every((one) => typeof one === 'string'));
}

/** IBM's templates file, which people edit by hand. */
export async function openTemplates(): Promise<Area> {
  const files = await scratch();
  const env = { HF_PROVIDER_CONFDIR: files.directory, OHF_AWS_ENDPOINT: 'http://127.0.0.1:1' };

  /** What is offered can be asked for, travels unchanged, and nothing else can be asked for. */
  async function judge(content: string | Buffer): Promise<void> {
    await files.write('awsinstprov_templates.json', content);
    const { document } = await call('getAvailableTemplates', [], env);
    const offered = (document?.['templates'] ?? []) as unknown[];
    for (const one of offered) {
      assertOffered(one);
      const asked = JSON.stringify({ template: { templateId: one.templateId, machineCount: 1 } });
      const { requests, message } = await call('requestMachines', ['-d', asked], env);
      // The script of user data may not be there.
      if (message !== '') assert.match(message, /userDataScript|more than|maxNumber|at most/);
      for (const { template: travelling } of requests)
        assert.deepEqual(JSON.parse(JSON.stringify(travelling)), travelling);
    }
    const unknown = JSON.stringify({ template: { templateId: 'no such template', machineCount: 1 } });
    const { requests } = await call('requestMachines', ['-d', unknown], env);
    assert.deepEqual(requests, []);
  }

  const properties = [
    holds('templates: keys, right and wrong', fc.array(template, { maxLength: 3 }), (templates) =>
      judge(JSON.stringify({ templates })),
    ),
    holds(
      'templates: files that are none',
      fc.oneof(
        json.map((value) => JSON.stringify(value) ?? ''),
        json.map((templates) => JSON.stringify({ templates })),
        fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes)),
        fc.nat(400).map((end) => JSON.stringify({ templates: [onDemand(), spot()] }).slice(0, end)),
      ),
      judge,
      { share: 0.5 },
    ),
    holds(
      'templates: values of any depth',
      fc.tuple(fc.constantFrom(...IBM_KEYS, ...OWN_KEYS, 'newKey'), deep),
      ([key, value]) => judge(`{"templates":[${textWith(onDemand(), key, nested(value))}]}`),
      { share: 0.1, found: [['subnetId', { levels: 20_000, isList: true }]] },
    ),
    holds(
      'templates: tags say what the file says',
      fc.array(fc.tuple(text, text), { maxLength: 5 }),
      async (tags) => {
        const instanceTags = tags.map(([name, value]) => `${name}=${value}`).join(';');
        await files.write('awsinstprov_templates.json', {
          templates: [onDemand({ templateId: 'demo', instanceTags })],
        });
        const { requests } = await call('requestMachines', ['demo', '1'], env);
        const said = instanceTags.split(';').filter((part) => part.trim() !== '');
        for (const { template: asked } of requests)
          assert.equal(Object.keys(asked?.tags ?? {}).length, said.length, instanceTags);
      },
      { share: 0.5, found: [[['__proto__', 'x']]] },
    ),
  ];
  return { properties, close: () => files.remove() };
}
