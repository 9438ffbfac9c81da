import type { Environment } from '../config/index.ts';
import { OhfError } from '../domain/errors/errors.ts';
import { openContext, type OperationContext } from './context.ts';
import { errorDetails, openLog } from './log.ts';
import { loadOperation } from './operations/registry.ts';
import { jsonLine, writeStdout } from './output/writeStdout.ts';
import { rejectWindows } from './platform.ts';
import { parseArgv } from './args/argv.ts';

/**
 * Runs one operation for Host Factory: exactly one JSON document on standard output, also for a failure,
 * and nothing on standard error.
 * @returns the exit code, 0 or 1
 */
export async function runOperation(name: string, args: readonly string[], env: Environment): Promise<number> {
  const startedAt = performance.now();
  const log = openLog(env, name);
  const context = openContext(env, log);
  // Host Factory may read both streams as one document; Node's own warnings would break it.
  process.removeAllListeners('warning');
  const crash = new Promise<never>((_, reject) => {
    process.on('uncaughtException', (error) => {
      if (!isStderrWriteError(error)) reject(error);
    });
    process.on('unhandledRejection', reject);
  });
  crash.catch(() => undefined);
  let document: object;
  let failure: unknown;
  let exitCode = 0;
  try {
    document = await Promise.race([executeAndClose(name, args, context), crash]);
  } catch (error) {
    failure = error;
    document = { message: oneLineMessage(error) };
    exitCode = 1;
  }
  // Host Factory gets its answer first: no log may delay it, or add to it.
  const delivered = await writeStdout(jsonLine(document));
  const fields = { ms: Math.round(performance.now() - startedAt), ...(delivered ? {} : { delivered }) };
  if (exitCode === 1) log.error(oneLineMessage(failure), { ...fields, ...errorDetails(failure) });
  else if ((await loadOperation(name)).kind === 'command') log.info('answered', fields);
  else log.debug('answered', fields);
  await log.close(async () => (await context.config()).logging);
  return delivered ? exitCode : 1;
}

/** Standard error goes to a log: what a full disk keeps from it is no reason to fail. Answers are written otherwise. */
const isStderrWriteError = (error: NodeJS.ErrnoException): boolean =>
  error.syscall === 'write' && WRITE_ERROR_CODES.includes(error.code ?? '');
const WRITE_ERROR_CODES: readonly string[] = ['ENOSPC', 'EDQUOT', 'EFBIG', 'EIO'];

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

/** @returns the document of a success. @throws what `oneLineMessage` has the words for */
export async function execute(
  name: string,
  args: readonly string[],
  context: OperationContext,
): Promise<object> {
  rejectWindows(process.platform);
  const operation = await loadOperation(name);
  const source = parseArgv(args);
  if (source.kind === 'file') context.log.addFields({ input: source.path });
  const input = source.kind === 'args' ? operation.inputFromArgs(source.args) : await readDocument(source);
  return operation.execute(input, context);
}

async function readDocument(source: Exclude<ReturnType<typeof parseArgv>, { kind: 'args' }>) {
  const { readInputDocument } = await import('./args/input.ts');
  return readInputDocument(source);
}

/** Never empty, never a stack, and of one line, whatever line breaks the names in a file have. */
export function oneLineMessage(error: unknown): string {
  return messageFor(error).replaceAll(/\s*[\r\n]\s*/g, ' ');
}

function messageFor(error: unknown): string {
  if (error instanceof OhfError) return error.message;
  const reason = error instanceof Error ? error.message || error.name : String(error);
  return `Internal error: ${reason}`;
}
