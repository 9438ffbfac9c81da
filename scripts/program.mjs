import path from 'node:path';
import { endOnSignals, show } from './lib/command.mjs';
import { root } from './lib/paths.mjs';
import { printError } from './lib/problem.mjs';
import { ensureBuild, ensureDependencies, findTemporalServer, findTestServer, say } from './setup.mjs';

/** Programs that need the time-skipping test server. */
const NEED_TEST_SERVER = ['model'];

/** Runs a long-running test program: `npm run` hfsim (docs/hfsim.md), soak, conformance, test:crash, test:fuzz, test:model. */
async function main([name, ...args]) {
  const endUndone = endOnSignals();
  await ensureDependencies(say);
  await ensureBuild(say);
  const temporal = await findTemporalServer(say);
  const testServer = NEED_TEST_SERVER.includes(name) ? await findTestServer(say) : undefined;
  endUndone();
  // The program itself ends what it started.
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => {});
  const program = path.join(root, 'dist', 'test', name, 'main.js');
  const { code } = await show(process.execPath, ['--enable-source-maps', program, ...args], {
    cwd: root,
    env: {
      ...process.env,
      OHF_TEMPORAL_CLI: temporal.path,
      ...(testServer && { OHF_TEMPORAL_TEST_SERVER: testServer.path }),
    },
  });
  return code ?? 1;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  printError(error);
  process.exitCode = 1;
}
