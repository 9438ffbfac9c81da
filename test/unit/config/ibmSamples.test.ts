import assert from 'node:assert/strict';
import { loadCliConfig } from '../../../config/index.ts';
import { readTemplates } from '../../../config/templates/ibmTemplates.ts';
import { IBM_SAMPLE_TEMPLATES, IBM_SAMPLES } from '../../fixtures/ibmSamples.ts';

describe("IBM's sample files", () => {
  it('IBM’s sample templates are three usable templates in the order of their file', async () => {
    const { templates, problems } = await readTemplates(IBM_SAMPLE_TEMPLATES);
    assert.deepEqual(problems, []);
    assert.deepEqual(
      templates.map(({ templateId, priceType }) => [templateId, priceType]),
      [
        ['Template-VM-SYMsmall', 'ondemand'],
        ['SpotTemplate-VM-SYM', 'spot'],
        ['HeteroTemplate-VM-SYM', 'heterogeneous'],
      ],
    );
  });

  it('IBM’s sample provider configuration is accepted unchanged', async () => {
    const { config } = await loadCliConfig({
      HF_PROVIDER_NAME: 'awsinst',
      HF_PROVIDER_CONFDIR: IBM_SAMPLES,
      OHF_DEPLOYMENT: 'grid1',
    });
    assert.equal(config.provider.aws.region, 'us-east-1');
  });
});
