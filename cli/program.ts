import { cac, type CAC } from 'cac';
import type { Environment } from '../config/index.ts';
import { didYouMean } from '../config/input/suggest.ts';
import { ValidationError } from '../domain/errors/errors.ts';
import { flagName } from './args/flags.ts';
import { fieldsOf } from './args/fields.ts';
import { JSON_OPTION, OPERATIONS, PROVIDER_OPTIONS } from './commands/registry.ts';
import type { Command, Query } from './operations/operation.ts';
import { GROUPS, hfOperation, type RegistryEntry } from './operations/registry.ts';
import { version } from './version.ts';

type Action = () => Promise<number>;

/** Runs the command that the arguments name. @returns the exit code */
export async function runProgram(argv: readonly string[], env: Environment): Promise<number> {
  return await selectAction(await declareCommands(argv[2], env), argv)();
}

/** Declares every command but loads only the called one, whose arguments and options are needed. */
async function declareCommands(called: string | undefined, env: Environment): Promise<CAC> {
  const cli = cac('ohf');
  for (const entry of OPERATIONS) {
    if (entry.name === called) await declareCalled(cli, entry, env);
    else cli.command(entry.name, entry.summary);
  }
  cli.example('  ohf requestMachines demo 5');
  cli.example('  ohf getRequestStatus req-01989c9e-7a0b-7c3d-9e4f-0123456789ab');
  cli.example('  ohf worker');
  cli.help((sections) => (cli.matchedCommand ? sections : groupedHelp(sections)));
  cli.version(version());
  return cli;
}

async function declareCalled(cli: CAC, entry: RegistryEntry, env: Environment): Promise<void> {
  const { name, summary, load } = entry;
  const { operation } = await load();
  const { args, options } = await commandLineOf(entry, operation);
  const command = cli.command(args ? `${name} ${args}` : name, summary);
  for (const [flags, description] of options) command.option(flags, description);
  for (const example of operation.examples) command.example(`  ohf ${example}`);
  command.action(() => async () => {
    if (hfOperation(name)) {
      const { runOperation } = await import('./runOperation.ts');
      return runOperation(entry, rawArgsOf(cli, name), env);
    }
    const { runCommand } = await import('./runCommand.ts');
    return runCommand(name, operation, { args: cli.args, flags: cli.options }, env);
  });
}

type Option = readonly [flags: string, description: string];

/** The arguments and options of an operation: those of its input, of its scope and of its output. */
export async function commandLineOf(
  { group }: Pick<RegistryEntry, 'group'>,
  operation: Command | Query,
): Promise<{ readonly args: string; readonly options: readonly Option[] }> {
  if (group === 'hostFactory') return { args: operation.args ?? '', options: INPUT_OPTIONS };
  const fields = fieldsOf(await operation.schema());
  const { watch } = operation;
  const options = [
    ...(operation.scope === 'provider' ? PROVIDER_OPTIONS : []),
    ...fields.flatMap(({ flag, description = '' }) => (flag ? [[flag, description] as const] : [])),
    ...(watch ? [[`--${watch.flag}`, watch.description] as const] : []),
    ...(operation.hasText ? [JSON_OPTION] : []),
  ];
  return { args: fields.find(({ arg }) => arg !== undefined)?.arg ?? '', options };
}

const INPUT_OPTIONS: readonly Option[] = [
  ['-f, --file <path>', "Host Factory's input document"],
  ['-d, --data <json>', 'The input document itself'],
];

interface HelpSection {
  title?: string;
  body: string;
}

/** Groups the commands by purpose, where cac would list them in one section. */
function groupedHelp(sections: HelpSection[]): HelpSection[] {
  const width = Math.max(...OPERATIONS.map(({ name }) => name.length));
  const groups = Object.entries(GROUPS).map(([group, title]) => ({
    title,
    body: OPERATIONS.filter((entry) => entry.group === group)
      .map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`)
      .join('\n'),
  }));
  return sections.flatMap((section) => {
    if (section.title === 'Commands') return groups;
    return section.title?.startsWith('For more info')
      ? [{ title: 'Arguments and options of a command', body: '  $ ohf COMMAND --help' }]
      : [section];
  });
}

/**
 * Chooses the action; help and version are printed while parsing.
 * @throws ValidationError on an unknown command or option
 */
function selectAction(cli: CAC, argv: readonly string[]): Action {
  const names = cli.commands.map(({ name }) => name);
  const [, , firstArg] = argv;
  // This comes before parsing, which would print the help of all commands for `ohf reqests --help`.
  if (firstArg !== undefined && !firstArg.startsWith('-') && !names.includes(firstArg))
    throw new ValidationError(
      `Unknown command '${firstArg}'.${didYouMean(firstArg, names)} Commands: ${names.join(', ')}.`,
    );
  cli.parse([...argv], { run: false });
  if (cli.matchedCommand === undefined) {
    const isDone = cli.options['help'] === true || cli.options['version'] === true;
    if (isDone) return () => Promise.resolve(0);
    throw new ValidationError(`No command is given. Commands: ${names.join(', ')}.`);
  }
  if (hfOperation(cli.matchedCommand.name)) {
    // Host Factory's operations check their own arguments and answer in JSON.
    cli.matchedCommand.allowUnknownOptions();
  } else {
    rejectUnknownOptions(cli);
  }
  const action: unknown = cli.matchedCommand.commandAction?.(cli.options);
  if (typeof action !== 'function') throw new Error(`command ${cli.matchedCommand.name} has no action`);
  return action as Action;
}

function rejectUnknownOptions(cli: CAC): void {
  const command = cli.matchedCommand;
  if (!command) return;
  const known = command.options.flatMap(({ names }) => names);
  for (const name of Object.keys(cli.options)) {
    if (name === '--' || known.includes(name)) continue;
    const flags = known.map(flagName);
    const allowed = flags.length > 0 ? `allowed: ${flags.join(', ')}` : 'it has no options';
    throw new ValidationError(
      `Unknown option ${flagName(name)} of '${command.name}'.${didYouMean(flagName(name), flags)} (${allowed})`,
    );
  }
  if (cli.args.length > 0 && command.args.length === 0)
    throw new ValidationError(`'${command.name}' takes no arguments; remove '${cli.args[0]}'.`);
}

/** The arguments after the operation's name, unchanged. */
function rawArgsOf(cli: CAC, name: string): readonly string[] {
  const args = cli.rawArgs.slice(2);
  return args.toSpliced(args.indexOf(name), 1);
}
