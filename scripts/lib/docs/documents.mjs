import { readFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { commandReference } from './command-reference.mjs';
import { errorTables } from './error-tables.mjs';
import { eventTables } from './event-tables.mjs';
import { metricTables } from './metric-tables.mjs';
import { dist, root } from '../paths.mjs';
import { configSchema, ibmTables, settingsModule, settingsTables } from './settings-documents.mjs';

/**
 * Generated documentation: whole files, and parts of files between two marks.
 * @returns {Promise<{ file: string, is: string | undefined, shouldBe: string }[]>} `file` is a path in the checkout
 */
export async function documents() {
  const { settingsSchema } = await compiled('config', 'schema.js');
  const ibm = await compiled('config', 'hostFactory', 'ibmConfig.js');
  const hfLogging = await compiled('config', 'hostFactory', 'hfLogging.js');
  const guide = await compiled('docs', 'data', 'errorGuide.js');
  const events = await compiled('docs', 'data', 'eventGuide.js');
  const health = await compiled('worker', 'health', 'metrics.js');
  const operations = await compiled('cli', 'operations', 'registry.js');
  const commands = await compiled('cli', 'commands', 'registry.js');
  const program = await compiled('cli', 'program.js');
  const schema = `${JSON.stringify(configSchema(settingsSchema), null, 2)}\n`;
  return [
    whole('config/config.schema.json', schema),
    whole('config/settingsTable.ts', settingsModule(settingsSchema)),
    between('docs/commands.md', await commandReference(operations, commands, program)),
    between('docs/configuration.md', { ...settingsTables(settingsSchema), ...ibmTables(ibm, hfLogging) }),
    between('docs/errors.md', errorTables(guide)),
    between('docs/events.md', eventTables(events)),
    between('docs/monitoring.md', await metricTables(health)),
  ];
}

/** Files that differ from what the code generates. */
export const staleDocuments = async () =>
  (await documents()).filter(({ is, shouldBe }) => is !== shouldBe).map(({ file }) => file);

const compiled = (...parts) => import(pathToFileURL(path.join(dist, ...parts)).href);

const whole = (file, shouldBe) => ({ file, is: read(file), shouldBe });

function between(file, parts) {
  const is = read(file);
  let shouldBe = is ?? '';
  for (const [name, text] of Object.entries(parts)) {
    const [from, to] = [`<!-- ${name}: made by npm run docs -->\n`, `\n<!-- end of ${name} -->`];
    const [start, end] = [shouldBe.indexOf(from), shouldBe.indexOf(to)];
    if (start === -1 || end < start)
      throw new Error(`${file} lacks the marks for the generated part '${name}'.`);
    shouldBe = `${shouldBe.slice(0, start + from.length)}\n${text}${shouldBe.slice(end)}`;
  }
  return { file, is, shouldBe };
}

function read(file) {
  try {
    return readFileSync(path.join(root, file), 'utf8');
  } catch (error) {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  }
}
