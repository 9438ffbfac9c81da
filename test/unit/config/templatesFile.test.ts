import assert from 'node:assert/strict';
import { readTemplates } from '../../../config/templates/ibmTemplates.ts';
import { failure, onDemand, scratch, spot, type Scratch } from '../../fixtures/scratch.ts';

describe('templates file', () => {
  let files: Scratch;
  beforeEach(async () => {
    files = await scratch();
  });
  afterEach(() => files.remove());

  const read = async (content: unknown) => readTemplates(await files.write('t.json', content));
  const readList = (...templates: object[]) => read({ templates });

  it('the templates have the order of their file, which Host Factory uses', async () => {
    const { templates } = await readList(spot(), onDemand(), onDemand({ templateId: 'A' }));
    assert.deepEqual(
      templates.map(({ templateId }) => templateId),
      ['Spot-1', 'OnDemand-1', 'A'],
    );
  });

  it('attributes are read from plain values and from pairs, and ncores is added', async () => {
    const paired = { type: ['String', 'X86_64'], ncpus: ['Numeric', '2'], nram: ['Numeric', 4096] };
    const plain = { type: 'X86_64', ncpus: 2, nram: '4096' };
    const { templates } = await readList(
      onDemand({ attributes: paired }),
      onDemand({ templateId: 'B', attributes: plain }),
    );
    const wanted = {
      type: ['String', 'X86_64'],
      ncpus: ['Numeric', '2'],
      ncores: ['Numeric', '1'],
      nram: ['Numeric', '4096'],
    };
    assert.equal(JSON.stringify(templates[0]?.attributes), JSON.stringify(wanted));
    assert.deepEqual(templates[1]?.attributes, wanted);
  });

  it('rank, priceInfo and other attributes are passed on, and mem is used as nram', async () => {
    const priceInfo = 'price:0.1,billingTimeUnitType:prorated_hour';
    const attributes = { type: 'NTX64', ncpus: 1, ncores: 4, mem: 2048, rank: '0', priceInfo, zone: 3 };
    const { templates, notes } = await readList(onDemand({ attributes }));
    assert.deepEqual(templates[0]?.attributes, {
      type: ['String', 'NTX64'],
      ncpus: ['Numeric', '1'],
      ncores: ['Numeric', '4'],
      nram: ['Numeric', '2048'],
      rank: ['Numeric', '0'],
      priceInfo: ['String', priceInfo],
      zone: ['Numeric', '3'],
    });
    assert.match(notes[0]?.message ?? '', /mem is used as nram/);
  });

  it('the file yields its usable templates and the problems of the others', async () => {
    const { templates, problems } = await readList(
      onDemand({ templateId: 'bad', imageId: undefined, maxNumber: 10_001 }),
      onDemand(),
      onDemand({ templateId: 'no-ram', attributes: { type: 'X86_64', ncpus: 0 } }),
    );
    assert.deepEqual(
      templates.map(({ templateId }) => templateId),
      ['OnDemand-1'],
    );
    assert.deepEqual(
      problems.map(({ templateId, key }) => `${templateId} ${key}`),
      ['bad maxNumber', 'bad imageId', 'no-ram attributes.ncpus', 'no-ram attributes.nram'],
    );
    assert.equal(problems[0]?.message, 'maxNumber is 10001; allowed: a whole number from -1 to 10000.');
  });

  it('the second of two templates with the same id is a problem', async () => {
    const { templates, problems } = await readList(onDemand({ maxNumber: 1 }), onDemand({ maxNumber: 2 }));
    assert.deepEqual(
      templates.map(({ maxNumber }) => maxNumber),
      [1],
    );
    assert.match(problems[0]?.message ?? '', /occurs twice/);
  });

  for (const templateId of ['x'.repeat(65), 'a b', 'ü', '', 7, undefined]) {
    it(`the templateId ${JSON.stringify(templateId)?.slice(0, 20)} is a problem`, async () => {
      const { templates, problems } = await readList(onDemand(), onDemand({ templateId }));
      assert.equal(templates.length, 1);
      assert.equal(problems[0]?.key, 'templateId');
    });
  }

  for (const entry of [null, 1, 'x', []]) {
    it(`an entry ${JSON.stringify(entry)} is a problem`, async () => {
      const { templates, problems } = await read({ templates: [entry, onDemand()] });
      assert.equal(templates.length, 1);
      assert.equal(problems[0]?.templateId, '(number 1)');
    });
  }

  const refused: Record<string, unknown> = {
    userData: 'a=1;b=2',
    spotPrice: '0.1',
    efaCount: 2,
    fleetType: 'maintain',
  };
  for (const [key, value] of Object.entries(refused)) {
    it(`a template with ${key}, a key of the LSF edition, is refused with the key to use instead`, async () => {
      const { templates, problems } = await readList(onDemand(), spot({ [key]: value }));
      assert.equal(templates.length, 1);
      assert.deepEqual(
        problems.map((problem) => problem.key),
        [key],
      );
      assert.match(problems[0]?.message ?? '', new RegExp(`${key} is not supported: .*use|give`));
    });
  }

  it('blank keys count as absent, as in IBM’s samples', async () => {
    const blank = {
      keyName: '',
      launchTemplateId: '',
      securityGroupIds: [''],
      instanceTags: null,
      poolsCount: null,
    };
    const { templates, problems, notes } = await readList(onDemand(blank));
    assert.deepEqual([problems, notes], [[], []]);
    assert.deepEqual(templates[0]?.securityGroupIds, []);
    assert.equal(templates[0]?.keyName, undefined);
  });

  it('a template with unknown or unused keys is usable, and the keys are noted', async () => {
    const { templates, notes } = await readList(
      spot({ fleetRole: 'arn:aws:iam::1:role/x', ebsOptimised: true, imageID: 'a' }),
    );
    assert.equal(templates.length, 1);
    assert.deepEqual(
      notes.map(({ key }) => key),
      ['ebsOptimised', 'imageID', 'fleetRole'],
    );
    assert.match(notes[1]?.message ?? '', /Did you mean 'imageId'/);
  });

  const unusable: Record<string, unknown> = {
    'a missing list': {},
    'an empty list': { templates: [] },
    'only bad templates': { templates: [onDemand({ imageId: '' })] },
    'an array': [],
    null: 'null',
    'an empty file': '',
    'a truncated file': '{"templates": [{"templateId": "a"',
    'a list that is an object': { templates: {} },
    'bytes that are not UTF-8': Buffer.from([0xff, 0xfe, 0x00, 0x80]),
  };
  for (const [name, content] of Object.entries(unusable)) {
    it(`a templates file with this content is an error that names the file: ${name}`, async () => {
      assert.match(await failure(read(content)), /^ConfigurationError: .*t\.json/);
    });
  }

  it('an error about a missing templates file names its path', async () => {
    const path = `${files.directory}/none.json`;
    assert.match(await failure(readTemplates(path)), /none\.json cannot be read: there is no such file/);
  });

  it('a templates file may have a byte order mark, tabs and CRLF', async () => {
    const text = `\uFEFF${JSON.stringify({ templates: [onDemand()] }, undefined, '\t').replaceAll('\n', '\r\n')}`;
    assert.equal((await read(text)).templates.length, 1);
  });

  it('the next read of a templates file has an edit', async () => {
    await readList(onDemand());
    assert.equal((await readList(onDemand({ maxNumber: 11 }))).templates[0]?.maxNumber, 11);
  });
});
