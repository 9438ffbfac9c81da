import type { Environment } from '../config/index.ts';
import { OhfError } from '../domain/errors/errors.ts';
import { openContext, type OperationContext } from './context.ts';
import { errorDetails, openLog } from './log.ts';
import { operationNamed } from './operations/registry.ts';
import { documentText, writeOut } from './output/writeStdout.ts';
import { refuseWindows } from './platform.ts';
import { readArguments } from './args/argv.ts';

/**
 * Runs one operation for Host Factory: exactly one JSON document on standard output, also for a failure,
 * and nothing on standard error.
 * @returns the exit code, 0 or 1
 */
export async function runOperation(name: string, args: readonly string[], env: Environment): Promise<number> {
  const began = performance.now();
  const log = openLog(env, name);
  const context = openContext(env, log);
  // Host Factory may read both streams as one document; Node's own warnings would break it.
  process.removeAllListeners('warning');
  const crash = new Promise<never>((_, reject) => {
    process.on('uncaughtException', (error) => {
      if (!isLostLog(error)) reject(error);
    });
    process.on('unhandledRejection', reject);
  });
  crash.catch(() => undefined);
  let document: object;
  let failure: unknown;
  let code = 0;
  try {
    document = await Promise.race([executeAndClose(name, args, context), crash]);
  } catch (error) {
    failure = error;
    document = { message: messageFor(error) };
    code = 1;
  }
  // Host Factory gets its answer first: no log may delay it, or add to it.
  const delivered = await writeOut(documentText(document));
  const how = { ms: Math.round(performance.now() - began), ...(delivered ? {} : { delivered }) };
  if (code === 1) log.error(messageFor(failure), { ...how, ...errorDetails(failure) });
  else if ((await operationNamed(name)).kind === 'command') log.info('answered', how);
  else log.debug('answered', how);
  await log.close(async () => (await context.config()).logging);
  return delivered ? code : 1;
}

/** Standard error goes to a log: what a full disk keeps from it is no reason to fail. Answers are written otherwise. */
const isLostLog = (error: NodeJS.ErrnoException): boolean =>
  error.syscall === 'write' && FULL.includes(error.code ?? '');
const FULL: readonly string[] = ['ENOSPC', 'EDQUOT', 'EFBIG', 'EIO'];

async function executeAndClose(
  name: string,
  args: readonly string[],
  context: ReturnType<typeof openContext>,
): Promise<object> {
  try {
    return await execute(name, args, context);
  } finally {
    // What is decided is decided: a connection that does not close must not change the answer.
    await context.close().catch((error: unknown) => context.log.warn('closing failed', errorDetails(error)));
  }
}

/** @returns the document of a success. @throws what `messageFor` has the words for */
export async function execute(
  name: string,
  args: readonly string[],
  context: OperationContext,
): Promise<object> {
  refuseWindows(process.platform);
  const operation = await operationNamed(name);
  const source = readArguments(args);
  if (source.kind === 'file') context.log.about({ input: source.path });
  const input = source.kind === 'words' ? operation.inputFromWords(source.words) : await readDocument(source);
  return operation.execute(input, context);
}

async function readDocument(source: Exclude<ReturnType<typeof readArguments>, { kind: 'words' }>) {
  const { readInput } = await import('./args/input.ts');
  return readInput(source);
}

/** Never empty, never a stack, and of one line, whatever line breaks the names in a file have. */
export function messageFor(error: unknown): string {
  return wordsFor(error).replaceAll(/\s*[\r\n]\s*/g, ' ');
}

function wordsFor(error: unknown): string {
  if (error instanceof OhfError) return error.message;
  const reason = error instanceof Error ? error.message || error.name : String(error);
  return `Internal error: ${reason}`;
}
