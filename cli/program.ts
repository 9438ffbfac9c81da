import { cac, type CAC } from 'cac';
import type { Environment } from '../config/index.ts';
import { didYouMean } from '../config/input/suggest.ts';
import { ValidationError } from '../domain/errors/errors.ts';
import { flagName } from './args/command.ts';
import { COMMANDS } from './commands/registry.ts';
import { HF_OPERATIONS, hfOperation } from './operations/registry.ts';
import { version } from './version.ts';

type Action = () => Promise<number>;

/** Runs what the arguments ask for. @returns the exit code */
export async function runProgram(argv: readonly string[], env: Environment): Promise<number> {
  return await selectAction(await declareCommands(argv[2], env), argv)();
}

/** Declares every command, and loads only the one that is called. */
async function declareCommands(called: string | undefined, env: Environment): Promise<CAC> {
  const cli = cac('ohf');
  for (const entry of HF_OPERATIONS) {
    const { name, summary, load } = entry;
    const { args = '', examples = [] } = name === called ? (await load()).operation : {};
    const command = cli
      .command(`${name}${args && ` ${args}`}`, summary)
      .option('-f, --file <path>', "Host Factory's input document")
      .option('-d, --data <json>', 'The input document itself');
    for (const example of examples) command.example(`  ohf ${example}`);
    command.action(() => async () => {
      const { runOperation } = await import('./runOperation.ts');
      return runOperation(entry, rawArgsOf(cli, name), env);
    });
  }
  for (const { name, args, summary, options, examples, load } of COMMANDS) {
    const command = cli.command(args === undefined ? name : `${name} ${args}`, summary);
    for (const [flags, meaning] of options) command.option(flags, meaning);
    for (const example of examples) command.example(`  ohf ${example}`);
    command.action(() => async () => {
      const { run } = await load();
      return run({ args: cli.args, flags: cli.options }, env);
    });
  }
  cli.example('  ohf requestMachines demo 5');
  cli.example('  ohf getRequestStatus req-01989c9e-7a0b-7c3d-9e4f-0123456789ab');
  cli.example('  ohf worker');
  cli.help();
  cli.version(version());
  return cli;
}

/**
 * Picks what to do; help and version are printed by the parsing itself.
 * @throws ValidationError on an unknown command or option
 */
function selectAction(cli: CAC, argv: readonly string[]): Action {
  const names = cli.commands.map(({ name }) => name);
  const [, , firstArg] = argv;
  // Before the parsing, which would answer `ohf reqests --help` with the help of all commands.
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
    throw new ValidationError(`'${command.name}' takes no arguments; '${cli.args[0]}' is one.`);
}

/** The arguments behind the operation's name, untouched. */
function rawArgsOf(cli: CAC, name: string): readonly string[] {
  const args = cli.rawArgs.slice(2);
  return args.toSpliced(args.indexOf(name), 1);
}
