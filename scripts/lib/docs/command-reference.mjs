import { markdownTable } from './markdown-table.mjs';

/** The parts of docs/commands.md that the registries of cli/ define. */
export async function commandReference({ HF_OPERATIONS }, { OPERATIONS }, { commandLineOf }) {
  const operations = await Promise.all(
    OPERATIONS.map(async (entry) => {
      const { operation } = await entry.load();
      return { ...entry, examples: operation.examples, ...(await commandLineOf(entry, operation)) };
    }),
  );
  const forHostFactory = operations.slice(0, HF_OPERATIONS.length);
  const forPeople = operations.slice(HF_OPERATIONS.length);
  return {
    operations: markdownTable(
      ['operation', 'what it does'],
      forHostFactory.map(({ name, args, summary }) => [`\`${usage(name, args)}\``, summary]),
    ),
    commands: forPeople.map(section).join('\n'),
  };
}

function section({ name, args, summary, options, examples }) {
  const flags = options.map(([flag, description]) => [`\`${flag}\``, description]);
  const table = flags.length === 0 ? '' : `${markdownTable(['option', 'meaning'], flags)}\n`;
  const shown = examples.map((example) => `ohf ${example}\n`).join('');
  return `### \`ohf ${usage(name, args)}\`\n\n${summary}.\n\n${table}\`\`\`\n${shown}\`\`\`\n`;
}

const usage = (name, args) => (args ? `${name} ${args}` : name);
