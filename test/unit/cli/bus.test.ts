import assert from 'node:assert/strict';
import { createCommandBus, createQueryBus, type BusOptions } from '../../../cli/bus/bus.ts';
import { openSession } from '../../../cli/bus/session.ts';
import { OPERATIONS } from '../../../cli/commands/registry.ts';
import { openLog, type Log } from '../../../cli/log.ts';
import { defineCommand, defineQuery } from '../../../cli/operations/operation.ts';
import { noInput } from '../../../cli/operations/schemas.ts';
import { UnavailableError } from '../../../domain/errors/errors.ts';

type LogLine = readonly [level: string, message: string, details: object];

function openBuses(kind: BusOptions['caller']['kind']) {
  const lines: LogLine[] = [];
  const at =
    (level: string) =>
    (message: string, details: object = {}): void =>
      void lines.push([level, message, details]);
  const log: Log = {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    addFields: () => undefined,
  };
  const session = openSession({}, openLog({}, 'test'));
  const options: BusOptions = {
    log,
    caller: { kind, name: 'ann@host' },
    validate: (schema, input) => schema.parse(input),
  };
  return {
    lines,
    commands: createCommandBus(session.commandContext, options),
    queries: createQueryBus(session.queryContext, options),
  };
}

const base = { schema: () => noInput, examples: [] };

describe('the buses', () => {
  it('the context of a query has nothing that starts, signals or cancels a workflow', async () => {
    const query = defineQuery({
      ...base,
      run: async (_input, context) => {
        // @ts-expect-error -- a query has no workflow commands
        void context.workflows?.cancel;
        return { keys: Object.keys(context) };
      },
    });
    const { outcome } = await openBuses('operator').queries.execute(query, () => ({}));
    assert.ok(outcome);
    const { keys } = outcome.json() as { keys: string[] };
    assert.ok(!keys.includes('workflows') && !keys.includes('newUuid'), keys.join());
  });

  it('an effect that a query does not declare fails, also for code that casts', async () => {
    const query = defineQuery({
      ...base,
      run: async (_input, context) => {
        const { ensureMonitor } = context as unknown as { ensureMonitor: () => Promise<void> };
        await ensureMonitor();
        return {};
      },
    });
    const { failure } = await openBuses('operator').queries.execute(query, () => ({}));
    assert.deepEqual(
      [failure?.code, failure?.message],
      ['QUERY', 'Internal error: the query does not declare this effect'],
    );
  });

  it('an error of the product passes unchanged, and any other is translated and keeps its cause', async () => {
    const cause = new TypeError('x');
    for (const [thrown, code] of [
      [new UnavailableError('no Temporal'), 'UNAVAILABLE'],
      [cause, 'COMMAND'],
    ] as const) {
      const command = defineCommand({ ...base, run: () => Promise.reject(thrown) });
      const { failure, outcome } = await openBuses('operator').commands.execute(command, () => ({}));
      assert.deepEqual([failure?.code, outcome], [code, undefined]);
      assert.ok(failure === thrown || failure?.cause === thrown);
    }
  });

  it('a command is logged with caller and input, but only after its answer is delivered', async () => {
    const { commands, lines } = openBuses('operator');
    const command = defineCommand({ ...base, run: async () => ({}) });
    const execution = await commands.execute(command, () => ({ id: 'req-1' }));
    assert.deepEqual(lines, []);
    execution.record(true);
    const [level, message, details = {}] = lines[0] ?? [];
    assert.deepEqual([level, message], ['info', 'completed']);
    assert.deepEqual({ ...details, ms: 0 }, { by: 'ann@host', input: { id: 'req-1' }, ms: 0 });
  });

  it('a dry run of a command is logged at level debug', async () => {
    const { commands, lines } = openBuses('operator');
    const command = defineCommand({ ...base, run: async () => ({}), isDryRun: () => true });
    (await commands.execute(command, () => ({}))).record(true);
    assert.equal(lines[0]?.[0], 'debug');
  });
});

describe('the registry of operations', () => {
  it('only getRequestStatus and getReturnRequests have effects, and each module has the kind of its entry', async () => {
    const withEffects: string[] = [];
    for (const { name, kind, load } of OPERATIONS) {
      const { operation } = await load();
      assert.equal(operation.kind, kind, name);
      if (operation.effects.length > 0) withEffects.push(name);
    }
    assert.deepEqual(withEffects, ['getRequestStatus', 'getReturnRequests']);
  });
});
