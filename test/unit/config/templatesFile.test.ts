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

  it('keeps the order of the file, which Host Factory follows', async () => {
    const { templates } = await readList(spot(), onDemand(), onDemand({ templateId: 'A' }));
    assert.deepEqual(
      templates.map(({ templateId }) => templateId),
      ['Spot-1', 'OnDemand-1', 'A'],
    );
  });

  it('reads plain and paired attributes alike and adds ncores', async () => {
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

  it('passes rank, priceInfo and own attributes on, and takes mem for nram', async () => {
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

  it('returns the good ones and names what is wrong with the others', async () => {
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

  it('uses the first of two templates of the same id and flags the second', async () => {
    const { templates, problems } = await readList(onDemand({ maxNumber: 1 }), onDemand({ maxNumber: 2 }));
    assert.deepEqual(
      templates.map(({ maxNumber }) => maxNumber),
      [1],
    );
    assert.match(problems[0]?.message ?? '', /occurs twice/);
  });

  for (const templateId of ['x'.repeat(65), 'a b', 'ü', '', 7, undefined]) {
    it(`flags the templateId ${JSON.stringify(templateId)?.slice(0, 20)}`, async () => {
      const { templates, problems } = await readList(onDemand(), onDemand({ templateId }));
      assert.equal(templates.length, 1);
      assert.equal(problems[0]?.key, 'templateId');
    });
  }

  for (const entry of [null, 1, 'x', []]) {
    it(`flags an entry that is ${JSON.stringify(entry)}`, async () => {
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
    it(`refuses ${key} of the LSF edition by name and says what to use`, async () => {
      const { templates, problems } = await readList(onDemand(), spot({ [key]: value }));
      assert.equal(templates.length, 1);
      assert.deepEqual(
        problems.map((problem) => problem.key),
        [key],
      );
      assert.match(problems[0]?.message ?? '', new RegExp(`${key} is not supported: .*use|give`));
    });
  }

  it('takes blank keys as absent, as in IBM’s samples', async () => {
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

  it('notes keys that it does not know or use, and keeps the template', async () => {
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
    'no object': [],
    null: 'null',
    'an empty file': '',
    'half a file': '{"templates": [{"templateId": "a"',
    'a list that is none': { templates: {} },
    'bytes that are no text': Buffer.from([0xff, 0xfe, 0x00, 0x80]),
  };
  for (const [name, content] of Object.entries(unusable)) {
    it(`fails with a message on ${name}`, async () => {
      assert.match(await failure(read(content)), /^ConfigurationError: .*t\.json/);
    });
  }

  it('fails with the path when the file is missing', async () => {
    const path = `${files.directory}/none.json`;
    assert.match(await failure(readTemplates(path)), /none\.json cannot be read: there is no such file/);
  });

  it('accepts a byte order mark, tabs and CRLF', async () => {
    const text = `\uFEFF${JSON.stringify({ templates: [onDemand()] }, undefined, '\t').replaceAll('\n', '\r\n')}`;
    assert.equal((await read(text)).templates.length, 1);
  });

  it('shows an edit at the next reading', async () => {
    await readList(onDemand());
    assert.equal((await readList(onDemand({ maxNumber: 11 }))).templates[0]?.maxNumber, 11);
  });
});
