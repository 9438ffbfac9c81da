import { markdownTable } from './markdown-table.mjs';

/** The parts of docs/commands.md. */
export const commandReference = async ({ HF_OPERATIONS }, { COMMANDS }) => ({
  operations: markdownTable(
    ['operation', 'what it does'],
    await Promise.all(
      HF_OPERATIONS.map(async ({ name, summary, load }) => {
        const { operation } = await load();
        return [`\`${usage(name, operation.args)}\``, summary];
      }),
    ),
  ),
  commands: COMMANDS.map(section).join('\n'),
});

function section({ name, args, summary, options, examples }) {
  const flags = options.map(([flag, meaning]) => [`\`${flag}\``, meaning]);
  const table = flags.length === 0 ? '' : `${markdownTable(['option', 'meaning'], flags)}\n`;
  const shown = examples.map((example) => `ohf ${example}\n`).join('');
  return `### \`ohf ${usage(name, args)}\`\n\n${summary}.\n\n${table}\`\`\`\n${shown}\`\`\`\n`;
}

const usage = (name, args) => (args ? `${name} ${args}` : name);
