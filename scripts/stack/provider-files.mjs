import { chmodSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { dist } from '../lib/paths.mjs';
import { scriptEnvironment } from './environment.mjs';
import { confDir, inState } from './state.mjs';

const REGION = 'us-east-1';

/** The template that the round trip and the printed commands use. */
export const TEMPLATE = 'demo';

// In IBM's own format, as an administrator writes them for Symphony.
const TEMPLATES = {
  templates: [
    {
      templateId: TEMPLATE,
      maxNumber: 100,
      attributes: {
        type: ['String', 'X86_64'],
        ncpus: ['Numeric', '1'],
        ncores: ['Numeric', '2'],
        nram: ['Numeric', '4096'],
      },
      imageId: 'ami-00000000000000001',
      subnetId: 'subnet-0000000000000000a',
      vmType: 't3.medium',
      instanceTags: 'project=demo',
    },
  ],
};

/** Writes the configuration files that an administrator would write, for the ports of this run. */
export function writeProviderFiles({ temporal, simulator }) {
  writeJson('awsinstprov_config.json', { AWS_REGION: REGION });
  writeJson('awsinstprov_templates.json', TEMPLATES);
  writeJson('config.json', {
    temporal: { address: `127.0.0.1:${temporal}`, namespace: 'default' },
    provider: {
      deployment: 'embedded',
      aws: { region: REGION, endpoint: `http://127.0.0.1:${simulator}` },
    },
    storage: { directory: inState('storage') },
  });
  writeLauncher();
}

function writeJson(name, value) {
  writeFileSync(path.join(confDir, name), `${JSON.stringify(value, null, 2)}\n`);
}

/** `.ohf/ohf`: the command line with the environment of this stack. */
function writeLauncher() {
  const exports = Object.entries(scriptEnvironment).map(([name, value]) => `export ${name}=${quoted(value)}`);
  const lines = [
    '#!/bin/sh',
    '# Written by npm start: ohf, set up for the stack of this folder.',
    ...exports,
    'export no_proxy="${no_proxy:+$no_proxy,}127.0.0.1,localhost"',
    `exec ${quoted(process.execPath)} ${quoted(path.join(dist, 'cli', 'main.js'))} "$@"`,
  ];
  const file = inState('ohf');
  writeFileSync(file, `${lines.join('\n')}\n`);
  chmodSync(file, 0o755);
}

const quoted = (text) => `'${text.replaceAll("'", String.raw`'\''`)}'`;
