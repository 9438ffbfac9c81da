import { readFile } from 'node:fs/promises';
import { templatesPath } from '../../../config/hostFactory/hfPaths.ts';
import { readTemplates, type TemplateFinding } from '../../../config/templates/ibmTemplates.ts';
import { ValidationError } from '../../../domain/errors/errors.ts';
import type { Template } from '../../../domain/template/template.ts';
import { writeStdout } from '../../output/writeStdout.ts';
import { lineOfTemplateKey } from './jsonPosition.ts';
import { scriptEnvironment } from '../../args/scriptEnvironment.ts';
import { renderTable } from '../../output/table.ts';
import { textFlag, type Command } from '../../args/command.ts';

/** Lists the usable templates; `validate` tells what is wrong with the others, and exits with 1 if anything is. */
export const run: Command = async ({ flags, args }, env) => {
  const [action, ...more] = args;
  if (more.length > 0 || (action !== undefined && action !== 'validate'))
    throw new ValidationError(
      `'templates ${args.join(' ')}' is no command; allowed: templates, templates validate.`,
    );
  const path = textFlag(flags, 'templates') ?? templatesPath(scriptEnvironment(flags, env));
  const { templates, problems, notes } = await readTemplates(path);
  const text = await readFile(path, 'utf8');
  const locate = (finding: TemplateFinding) => ({ ...finding, line: lineOfTemplateKey(text, finding) });
  const [locatedProblems, locatedNotes] = [problems.map(locate), notes.map(locate)];
  const exitCode = action === 'validate' && locatedProblems.length > 0 ? 1 : 0;
  if (flags['json'] === true) {
    const document = { file: path, templates, problems: locatedProblems, notes: locatedNotes };
    await writeStdout(`${JSON.stringify(document)}\n`);
    return exitCode;
  }
  const list = renderTable(
    ['TEMPLATE', 'MAX', 'PRICE', 'BY', 'TYPES', 'SUBNETS'],
    templates.map(templateRow),
  );
  const remarks = [
    ...locatedProblems.map((finding) => `not usable: ${findingText(path, finding)}`),
    ...(action === 'validate' ? locatedNotes.map((finding) => `note: ${findingText(path, finding)}`) : []),
  ];
  const summary = action === 'validate' && remarks.length === 0 ? ['all keys are understood'] : [];
  await writeStdout([list, ...[...remarks, ...summary].map((line) => `${line}\n`)].join(''));
  return exitCode;
};

const templateRow = (template: Template): (string | number)[] => [
  template.templateId,
  template.maxNumber === -1 ? 'unlimited' : template.maxNumber,
  template.priceType,
  template.providerApi ?? 'EC2Fleet',
  template.instanceRequirements
    ? 'by attributes'
    : template.instanceTypes.map(({ instanceType }) => instanceType).join(','),
  template.subnetIds.join(','),
];

interface LocatedFinding extends TemplateFinding {
  /** From 1; of the template where the key does not stand in the file, undefined where not even that does. */
  readonly line: number | undefined;
}

const findingText = (path: string, { templateId, message, line }: LocatedFinding): string =>
  `${path}${line === undefined ? '' : `:${line}`}: template '${templateId}': ${message}`;
