import { join } from 'node:path';
import { DEFAULTS } from '../../config/index.ts';
import { textFlag, type Flags } from '../args/flags.ts';
import { formatJsonFile } from './jsonText.ts';
import type { Layout } from './layout.ts';

/** Sample files by path. They never replace an existing file. */
export function sampleFiles(layout: Layout, flags: Flags): ReadonlyMap<string, string> {
  const { provider, providerConf } = layout;
  const region = textFlag(flags, 'region') ?? DEFAULTS.provider.aws.region;
  const deployment = textFlag(flags, 'deployment');
  const { address, namespace } = DEFAULTS.temporal;
  const config = {
    temporal: { address: textFlag(flags, 'temporal') ?? address, namespace },
    ...(deployment === undefined ? {} : { provider: { deployment } }),
  };
  return new Map([
    [join(providerConf, 'config.json'), formatJsonFile(config)],
    [join(providerConf, `${provider}prov_config.json`), formatJsonFile({ AWS_REGION: region })],
    [join(providerConf, `${provider}prov_templates.json`), formatJsonFile(SAMPLE_TEMPLATES)],
  ]);
}

/** In IBM's format, with ids that no account has. */
const sampleTemplate = (templateId: string, type: string) => ({
  templateId,
  maxNumber: 10,
  attributes: {
    type: ['String', type],
    ncpus: ['Numeric', '1'],
    ncores: ['Numeric', '2'],
    nram: ['Numeric', '8192'],
  },
  imageId: 'ami-00000000000000000',
  subnetId: 'subnet-00000000000000000',
  securityGroupIds: ['sg-00000000000000000'],
  vmType: 'm5.large',
  instanceTags: 'project=sample',
});

/** One for Linux and one for Windows hosts; `hostName` is a key of ours. */
const SAMPLE_TEMPLATES = {
  templates: [
    sampleTemplate('sample-linux', 'X86_64'),
    { ...sampleTemplate('sample-windows', 'NTX64'), hostName: 'ip-hex' },
  ],
};
