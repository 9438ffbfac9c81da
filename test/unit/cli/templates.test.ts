import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { onDemand, scratch, spot, type Scratch } from '../../fixtures/scratch.ts';
import { ohf } from '../../fixtures/commandLine.ts';

describe('ohf templates', () => {
  let files: Scratch;
  let path: string;
  before(async () => {
    files = await scratch();
    const templates = [
      onDemand({ templateId: 'good', providerApi: 'RunInstances' }),
      spot({ templateId: 'bad', percentOnDemand: 101 }),
      spot({ templateId: 'noted', ebsOptimised: true }),
    ];
    path = await files.write('awsinstprov_templates.json', JSON.stringify({ templates }, null, 2));
  });
  after(() => files.remove());

  it('ohf templates lists the usable templates of the provider and names the others', async () => {
    const { code, stdout } = await ohf(['templates'], { HF_PROVIDER_CONFDIR: files.directory });
    assert.equal(code, 0);
    assert.match(
      stdout,
      /^TEMPLATE +MAX +PRICE +API +TYPES +SUBNETS\ngood +10 +ondemand +RunInstances +m5\.large +subnet-1\n/,
    );
    assert.match(
      stdout,
      /not usable: .*awsinstprov_templates\.json:\d+: template 'bad': percentOnDemand is 101/,
    );
  });

  it('ohf templates validate reports errors with file and line, and fails if there are any', async () => {
    const { code, stdout } = await ohf(['templates', 'validate', '--templates', path]);
    assert.equal(code, 1);
    const [, line] = /templates\.json:(\d+): template 'bad'/.exec(stdout) ?? [];
    const wrong = (await readFile(path, 'utf8')).split('\n')[Number(line) - 1];
    assert.match(wrong ?? '', /"percentOnDemand": 101/);
    assert.match(
      stdout,
      /note: .*template 'noted': ebsOptimised is not a known key.*Did you mean 'ebsOptimized'/,
    );
  });

  it('ohf templates --json prints templates and errors', async () => {
    const { stdout } = await ohf(['templates', '--templates', path, '--json']);
    const { templates, problems } = JSON.parse(stdout) as { templates: object[]; problems: object[] };
    assert.deepEqual([templates.length, problems.length], [2, 1]);
  });

  it('ohf templates rejects every action but validate', async () => {
    const { code, stderr } = await ohf(['templates', 'check', '--templates', path]);
    assert.equal(code, 1);
    assert.match(stderr, /\[validate\] is "check"; allowed: validate/);
  });
});
