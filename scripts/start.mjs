import { endOnSignals } from './lib/command.mjs';
import { readOptions } from './lib/options.mjs';
import { shown } from './lib/paths.mjs';
import { printError } from './lib/problem.mjs';
import { ensureBuild, ensureDependencies, findTemporalServer, freePort, say } from './setup.mjs';
import { writeProviderFiles } from './stack/provider-files.mjs';
import { roundTrip } from './stack/round-trip.mjs';
import { Service } from './stack/service.mjs';
import { simulatorService, STOP_ORDER, temporalService, workerService } from './stack/services.mjs';
import {
  endLeftovers,
  inState,
  lockState,
  makeFolders,
  rememberUi,
  resetState,
  stateDir,
  unlockState,
} from './stack/state.mjs';
import { whatToTry } from './stack/what-to-try.mjs';

const USAGE = `npm start: starts Temporal, a worker and a simulated AWS on this machine, and makes one full round trip
through the Host Factory scripts: 5 machines are requested, used and returned. Then it runs until Ctrl-C.
With options: npm start -- --once

All state is in .ohf/ (or in OHF_STATE_DIR). Ports: 7233, 8233 and 4566, or the next free ones.
OHF_TEMPORAL_CLI: path of the Temporal CLI to use.`;

const OPTIONS = {
  once: 'exit after the round trip: exit code 0 if it succeeded, else 1',
  reset: 'first remove all state of earlier runs',
};

/** Runs the stack until the round trip is done (`once`) or until the user stops it. */
async function main({ once, reset }) {
  lockState();
  const endUndone = endOnSignals();
  const services = [];
  const ended = new AbortController();
  try {
    await endLeftovers(say, STOP_ORDER);
    if (reset) resetState();
    await ensureDependencies(say);
    // A download mostly waits for the network, and a build for the processor.
    const [temporal] = await Promise.all([findTemporalServer(say), ensureBuild(say)]);

    endUndone();
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => ended.abort());
    const ports = await bringUp(temporal, services, ended.signal);
    const ui = `http://127.0.0.1:${ports.ui}`;
    say('\nOne round trip, through the scripts that Host Factory calls:');
    const linkTo = (workflowId) => `${ui}/namespaces/default/workflows/${workflowId}`;
    await roundTrip({ say, signal: ended.signal, ports, linkTo });
    if (once) return;
    say(whatToTry(ui));
    await aborted(ended.signal);
  } catch (error) {
    // A failure after the user stopped the stack is not an error.
    if (!ended.signal.aborted) throw error;
  } finally {
    if (ended.signal.aborted) say('\nStopping');
    if (ended.signal.aborted && once) process.exitCode = 1;
    await stopAll(services);
    unlockState();
  }
}

async function bringUp(temporal, services, signal) {
  makeFolders();
  const ports = { temporal: await freePort(7233) };
  ports.ui = await freePort(8233, [ports.temporal]);
  ports.simulator = await freePort(4566, [ports.temporal, ports.ui]);
  writeProviderFiles(ports);
  rememberUi(`http://127.0.0.1:${ports.ui}`);

  const start = async (definition, what) => {
    signal.throwIfAborted();
    const service = new Service(definition, say);
    services.push(service);
    // A stop also ends the wait until the service is ready.
    const onAbort = () => void service.stop();
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      await service.start();
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
    say(`  ${what}`);
  };
  say(`Starting, with all state in ${shown(stateDir)} and the logs in ${shown(inState('log'))}`);
  await Promise.all([
    start(
      temporalService(temporal.path, ports),
      `Temporal       127.0.0.1:${ports.temporal} (from ${temporal.from})`,
    ),
    start(simulatorService(ports), `simulated AWS  http://127.0.0.1:${ports.simulator}`),
  ]);
  say(`  Web UI         http://127.0.0.1:${ports.ui}`);
  await start(workerService(), 'worker         ready');
  return ports;
}

async function stopAll(services) {
  for (const name of STOP_ORDER) {
    await services.find((service) => service.name === name)?.stop();
  }
}

function aborted(signal) {
  return new Promise((resolve) => {
    // Keeps the process alive even while all its children are being restarted.
    const timer = setInterval(() => {}, 60_000);
    const end = () => {
      clearInterval(timer);
      resolve();
    };
    if (signal.aborted) end();
    else signal.addEventListener('abort', end, { once: true });
  });
}

try {
  await main(readOptions(USAGE, OPTIONS));
} catch (error) {
  printError(error);
  process.exitCode = 1;
}
