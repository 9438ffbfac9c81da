import { readFile } from 'node:fs/promises';
import { templatesPath } from '../../../config/hostFactory/hfPaths.ts';
import { readTemplates, type TemplateFinding } from '../../../config/templates/ibmTemplates.ts';
import { ValidationError } from '../../../domain/errors/errors.ts';
import type { Template } from '../../../domain/template/template.ts';
import { writeOut } from '../../output/writeStdout.ts';
import { lineOfTemplateKey } from './jsonPosition.ts';
import { providerEnv } from '../../args/scriptEnvironment.ts';
import { table } from '../../output/table.ts';
import { textFlag, type Command } from '../../args/command.ts';

/** Lists the usable templates; `validate` tells what is wrong with the others, and exits with 1 if anything is. */
export const run: Command = async ({ flags, words }, env) => {
  const [word, ...more] = words;
  if (more.length > 0 || (word !== undefined && word !== 'validate'))
    throw new ValidationError(
      `'templates ${words.join(' ')}' is no command; allowed: templates, templates validate.`,
    );
  const path = textFlag(flags, 'templates') ?? templatesPath(providerEnv(flags, env));
  const { templates, problems, notes } = await readTemplates(path);
  const text = await readFile(path, 'utf8');
  const placed = (finding: TemplateFinding) => ({ ...finding, line: lineOfTemplateKey(text, finding) });
  const [wrong, ignored] = [problems.map(placed), notes.map(placed)];
  const code = word === 'validate' && wrong.length > 0 ? 1 : 0;
  if (flags['json'] === true) {
    const document = { file: path, templates, problems: wrong, notes: ignored };
    await writeOut(`${JSON.stringify(document)}\n`);
    return code;
  }
  const list = table(['TEMPLATE', 'MAX', 'PRICE', 'BY', 'TYPES', 'SUBNETS'], templates.map(row));
  const told = [
    ...wrong.map((finding) => `not usable: ${sentence(path, finding)}`),
    ...(word === 'validate' ? ignored.map((finding) => `note: ${sentence(path, finding)}`) : []),
  ];
  const end = word === 'validate' && told.length === 0 ? ['all keys are understood'] : [];
  await writeOut([list, ...[...told, ...end].map((line) => `${line}\n`)].join(''));
  return code;
};

const row = (template: Template): (string | number)[] => [
  template.templateId,
  template.maxNumber === -1 ? 'unlimited' : template.maxNumber,
  template.priceType,
  template.providerApi ?? 'EC2Fleet',
  template.instanceRequirements
    ? 'by attributes'
    : template.instanceTypes.map(({ instanceType }) => instanceType).join(','),
  template.subnetIds.join(','),
];

interface Placed extends TemplateFinding {
  /** From 1; of the template where the key does not stand in the file, undefined where not even that does. */
  readonly line: number | undefined;
}

const sentence = (path: string, { templateId, message, line }: Placed): string =>
  `${path}${line === undefined ? '' : `:${line}`}: template '${templateId}': ${message}`;
