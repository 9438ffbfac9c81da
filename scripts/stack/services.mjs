import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { capture } from '../lib/command.mjs';
import { dist } from '../lib/paths.mjs';
import { listens } from '../lib/ports.mjs';
import { childEnv } from './environment.mjs';
import { inState } from './state.mjs';

/** The order of stopping: a worker without its server would only wait for it. */
export const STOP_ORDER = ['worker', 'temporal', 'simulator'];

const cli = path.join(dist, 'cli', 'main.js');

// The same as in contract/searchAttributes.ts.
const SEARCH_ATTRIBUTES = [
  'HfState=Keyword',
  'HfTemplate=Keyword',
  'HfProvider=Keyword',
  'HfRequestType=Keyword',
  'HfCount=Int',
];

/** Temporal's development server with its Web UI and a database file. */
export function temporalService(program, { temporal, ui }) {
  return {
    name: 'temporal',
    command: program,
    args: temporalArgs(temporal, ui),
    env: childEnv(),
    readyWithin: 60_000,
    isReady: async ({ alive }) =>
      (await listens(temporal, 60_000, alive)) &&
      // The server creates the namespace and the search attributes after it listens.
      (await until(alive, () => hasSearchAttributes(program, temporal))) &&
      listens(ui, 60_000, alive),
  };
}

function temporalArgs(port, uiPort) {
  return [
    'server start-dev --ip 127.0.0.1 --log-level warn'.split(' '),
    ['--port', String(port), '--ui-port', String(uiPort), '--db-filename', inState('temporal.db')],
    // Commits go to the write-ahead log and are synced at checkpoints: a power cut may lose the last commits.
    ['--sqlite-pragma', 'journal_mode=wal', '--sqlite-pragma', 'synchronous=1'],
    SEARCH_ATTRIBUTES.flatMap((attribute) => ['--search-attribute', attribute]),
  ].flat();
}

async function hasSearchAttributes(program, port) {
  const address = ['--address', `127.0.0.1:${port}`, '--namespace', 'default'];
  const { code, output } = await capture(program, ['operator', 'search-attribute', 'list', ...address], {
    env: childEnv(),
    timeoutMs: 10_000,
  });
  return code === 0 && SEARCH_ATTRIBUTES.every((attribute) => output.includes(attribute.split('=')[0]));
}

/** The simulated AWS; its journal keeps the instances across restarts. */
export function simulatorService({ simulator }) {
  return {
    name: 'simulator',
    command: process.execPath,
    args: [cli, 'simulate-aws', '--port', String(simulator), '--state', inState('simulator.jsonl')],
    env: childEnv(),
    readyWithin: 30_000,
    isReady: ({ alive }) => until(alive, () => readSummary(simulator).then(Boolean, () => false)),
  };
}

/** `{launchedEver, live, liveIds}` of the simulated AWS. */
export async function readSummary(port) {
  const response = await fetch(`http://127.0.0.1:${port}/_simulator/summary`, {
    signal: AbortSignal.timeout(5000),
  });
  if (!response.ok) throw new Error(`the simulated AWS answers ${response.status}`);
  return response.json();
}

/** The worker. */
export function workerService() {
  return {
    name: 'worker',
    command: process.execPath,
    args: [cli, 'worker'],
    env: childEnv({ withProvider: true }),
    readyWithin: 60_000,
    isReady: ({ alive, printed }) => until(alive, () => printed().includes('worker ready')),
  };
}

async function until(alive, condition) {
  while (alive()) {
    if (await condition()) return true;
    await delay(50);
  }
  return false;
}
