import { readFile } from 'node:fs/promises';
import * as z from 'zod/mini';
import { templatesPath } from '../../../config/hostFactory/hfPaths.ts';
import { readTemplates, type TemplateFinding } from '../../../config/templates/ibmTemplates.ts';
import type { Template } from '../../../domain/template/template.ts';
import { argument, textOption } from '../../args/fields.ts';
import { defineQuery } from '../../operations/operation.ts';
import { renderTable } from '../../output/table.ts';
import { lineOfTemplateKey } from './jsonPosition.ts';

/** Lists the usable templates. `validate` reports the findings of all; exit code 1 if one is not usable. */
export const operation = defineQuery({
  schema: () =>
    z.object({
      action: z.optional(argument('[validate]', 'validate', (action) => action === 'validate')),
      templates: textOption('--templates <file>', "The templates file (default: the provider's)"),
    }),
  examples: ['templates', 'templates validate --templates awsinstprov_templates.json'],
  run: async ({ action, templates: file }, { env }) => {
    const path = file ?? templatesPath(env);
    const { templates, problems, notes } = await readTemplates(path);
    const text = await readFile(path, 'utf8');
    const locate = (finding: TemplateFinding) => ({ ...finding, line: lineOfTemplateKey(text, finding) });
    const isValidation = action === 'validate';
    return { path, templates, problems: problems.map(locate), notes: notes.map(locate), isValidation };
  },
  json: ({ path: file, templates, problems, notes }) => ({ file, templates, problems, notes }),
  text: ({ path, templates, problems, notes, isValidation }) => {
    const list = renderTable(
      ['TEMPLATE', 'MAX', 'PRICE', 'API', 'TYPES', 'SUBNETS'],
      templates.map(templateRow),
    );
    const remarks = [
      ...problems.map((finding) => `not usable: ${findingText(path, finding)}`),
      ...(isValidation ? notes.map((finding) => `note: ${findingText(path, finding)}`) : []),
    ];
    const summary = isValidation && remarks.length === 0 ? ['no errors'] : [];
    return [list, ...[...remarks, ...summary].map((line) => `${line}\n`)].join('');
  },
  exitCode: ({ problems, isValidation }) => (isValidation && problems.length > 0 ? 1 : 0),
});

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
  /** Counted from 1: the key's line, else the template's; undefined if the file has neither. */
  readonly line: number | undefined;
}

const findingText = (path: string, { templateId, message, line }: LocatedFinding): string =>
  `${path}${line === undefined ? '' : `:${line}`}: template '${templateId}': ${message}`;
