import assert from 'node:assert/strict';
import { readTemplateForRequest, readTemplates } from '../../../config/templates/ibmTemplates.ts';
import { failure, onDemand, scratch, spot, type Scratch } from '../../fixtures/scratch.ts';

describe('template for a request', () => {
  let files: Scratch;
  beforeEach(async () => {
    files = await scratch();
  });
  afterEach(() => files.remove());

  const readOne = async (template: object) => {
    const path = await files.write('t.json', { templates: [template] });
    return readTemplateForRequest(path, 'templateId' in template ? String(template.templateId) : '');
  };
  const problemsOf = async (template: object) => {
    const path = await files.write('t.json', { templates: [onDemand({ templateId: 'good' }), template] });
    return (await readTemplates(path)).problems.map(({ message }) => message);
  };

  it('an on-demand template is mapped with everything that AWS needs', async () => {
    const template = onDemand({
      subnetId: 'subnet-1,subnet-2',
      keyName: 'key',
      securityGroupIds: ['sg-1', '', 'sg-2'],
      instanceProfile: 'arn:aws:iam::1:instance-profile/x',
      instanceTags: 'team=grid; query=a=b;empty=',
      rootDeviceVolumeSize: '100',
      volumeType: 'io1',
      iops: 3000,
    });
    assert.deepEqual(await readOne(template), {
      templateId: 'OnDemand-1',
      maxNumber: 10,
      attributes: {
        type: ['String', 'X86_64'],
        ncpus: ['Numeric', '1'],
        ncores: ['Numeric', '1'],
        nram: ['Numeric', '1024'],
      },
      imageId: 'ami-0123456789abcdef0',
      subnetIds: ['subnet-1'],
      instanceTypes: [{ instanceType: 'm5.large', units: 1 }],
      priceType: 'ondemand',
      keyName: 'key',
      securityGroupIds: ['sg-1', 'sg-2'],
      instanceProfile: 'arn:aws:iam::1:instance-profile/x',
      tags: { team: 'grid', query: 'a=b', empty: '' },
      rootVolume: { sizeGiB: 100, type: 'io1', iops: 3000 },
    });
  });

  it('the machine type and the user data of a Windows host are mapped unchanged', async () => {
    const script = '<powershell>\r\nStart-Service "EGO"\r\n</powershell>\r\n<persist>true</persist>';
    const userDataScript = await files.write('join.ps1', script);
    const windows = onDemand({ attributes: { type: 'NTX64', ncpus: 2, nram: 8192 }, userDataScript });
    const { attributes, userData } = await readOne(windows);
    assert.deepEqual(attributes['type'], ['String', 'NTX64']);
    assert.equal(userData, script);
  });

  it('a spot template is mapped with weights, priorities, price, share and strategy', async () => {
    const template = await readOne(
      spot({
        subnetId: 'subnet-1, subnet-2',
        vmTypesPriority: { 'm5.xlarge': 1, 'm5.large': 2 },
        maxSpotPrice: 0.25,
        percentOnDemand: '30',
        allocationStrategy: 'capacityOptimizedPrioritized',
      }),
    );
    assert.deepEqual(template.subnetIds, ['subnet-1', 'subnet-2']);
    assert.deepEqual(template.instanceTypes, [
      { instanceType: 'm5.large', units: 1, priority: 2 },
      { instanceType: 'm5.xlarge', units: 2, priority: 1 },
    ]);
    assert.equal(template.maxSpotPrice, '0.25');
    assert.equal(template.percentOnDemand, 30);
    assert.equal(template.allocationStrategy, 'capacity-optimized-prioritized');
  });

  const strategies = {
    capacityOptimized: 'capacity-optimized',
    diversified: 'diversified',
    lowestPrice: 'lowest-price',
  };
  for (const [ibm, ec2] of Object.entries(strategies)) {
    it(`the allocation strategy ${ibm} is mapped to ${ec2}`, async () => {
      assert.equal((await readOne(spot({ allocationStrategy: ibm }))).allocationStrategy, ec2);
    });
  }

  const wrong: [object, RegExp][] = [
    [spot({ vmTypes: { 'm5.large': 0 } }), /vmTypes has 0 for 'm5\.large'; allowed: a whole number from 1/],
    [spot({ vmTypes: undefined }), /vmTypes is missing/],
    [spot({ percentOnDemand: 101 }), /percentOnDemand is 101; allowed: .* 0 to 100/],
    [spot({ allocationStrategy: 'best' }), /allocationStrategy is "best"; allowed: capacityOptimized, /],
    [spot({ maxSpotPrice: 'cheap' }), /maxSpotPrice is "cheap"/],
    [onDemand({ templateId: 'x', vmType: undefined }), /vmType is missing/],
    [onDemand({ templateId: 'x', subnetId: [''] }), /subnetId is missing/],
    [onDemand({ templateId: 'x', priceType: 'free' }), /priceType is "free"; allowed: ondemand, spot/],
    [onDemand({ templateId: 'x', maxNumber: 1.5 }), /maxNumber is 1\.5/],
    [onDemand({ templateId: 'x', maxNumber: null }), /maxNumber is missing/],
    [onDemand({ templateId: 'x', volumeType: 'ssd' }), /volumeType is "ssd"; allowed: gp2, gp3/],
    [
      onDemand({ templateId: 'x', rootDeviceVolumeSize: 0 }),
      /rootDeviceVolumeSize is 0; allowed: .* 1 to 16384/,
    ],
    [onDemand({ templateId: 'x', volumeType: 'io2', iops: 99 }), /iops is 99; allowed: .* 100 to 64000/],
    [onDemand({ templateId: 'x', volumeType: 'io2' }), /iops is missing/],
    [onDemand({ templateId: 'x', instanceTags: 'aws:x=1' }), /reserved name/],
    [onDemand({ templateId: 'x', instanceTags: 'OHF:x=1' }), /reserved name/],
    [onDemand({ templateId: 'x', instanceTags: 'team' }), /has no "="/],
    [onDemand({ templateId: 'x', instanceTags: 'a=1;a=2' }), /occurs twice/],
    [
      onDemand({ templateId: 'x', userDataScript: 'boot.sh' }),
      /userDataScript is "boot\.sh"; allowed: the absolute path/,
    ],
    [onDemand({ templateId: 'x', attributes: [] }), /attributes is an array/],
    [
      onDemand({ templateId: 'x', attributes: { type: 'X86_64', ncpus: ['Numeric'], nram: 1 } }),
      /attributes\.ncpus is \["Numeric"\]/,
    ],
  ];
  for (const [template, message] of wrong) {
    it(`an invalid template has the problem: ${message.source}`, async () => {
      const problems = await problemsOf(template);
      assert.equal(problems.length, 1, problems.join('\n'));
      assert.match(problems[0] ?? '', message);
    });
  }

  it('the user data script is read only for a request', async () => {
    const missing = onDemand({ userDataScript: `${files.directory}/none.sh` });
    const path = await files.write('t.json', { templates: [missing] });
    assert.equal((await readTemplates(path)).templates.length, 1);
    assert.match(
      await failure(readTemplateForRequest(path, 'OnDemand-1')),
      /userDataScript .*none\.sh of template 'OnDemand-1' cannot be read: there is no such file/,
    );
  });

  it('the content of the user data script is passed on unchanged', async () => {
    const script = '#!/bin/sh\necho "ü"\r\n';
    const userDataScript = await files.write('boot.sh', script);
    assert.equal((await readOne(onDemand({ userDataScript }))).userData, script);
  });

  it('a user data script may have 16 KiB and no more', async () => {
    const userDataScript = await files.write('boot.sh', 'x'.repeat(16_384));
    assert.equal((await readOne(onDemand({ userDataScript }))).userData?.length, 16_384);
    await files.write('boot.sh', 'x'.repeat(16_385));
    assert.match(
      await failure(readOne(onDemand({ userDataScript }))),
      /16385 bytes; EC2 accepts at most 16384/,
    );
  });

  it('an error about an unknown template names it, a similar one and all that exist', async () => {
    const path = await files.write('t.json', { templates: [onDemand(), spot()] });
    assert.match(
      await failure(readTemplateForRequest(path, 'OnDemand1')),
      /^ResourceNotFoundError: Template 'OnDemand1' not found in .*Did you mean 'OnDemand-1'\? It has: OnDemand-1, Spot-1\./,
    );
  });

  it('an error about an unusable template states the reason', async () => {
    const path = await files.write('t.json', {
      templates: [spot({ templateId: 'x', poolsCount: 2 }), spot()],
    });
    assert.match(
      await failure(readTemplateForRequest(path, 'x')),
      /'x' in .* is not usable\..*poolsCount needs allocationStrategy/,
    );
  });
});
