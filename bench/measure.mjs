import { spawn, spawnSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

export const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];

/**
 * Runs all commands in turn, `runs` times: what else the machine does meets all of them alike.
 * @param commands name -> [program, ...arguments]
 * @param pauseMs before each turn, for what the last one set off
 * @returns name -> ms of each run
 */
export async function timeInTurn(commands, env, runs, pauseMs = 0) {
  const times = Object.fromEntries(Object.keys(commands).map((name) => [name, []]));
  // The first time of each is for the caches of the disk.
  for (let run = -1; run < runs; run++) {
    await delay(pauseMs);
    for (const [name, [program, ...args]] of Object.entries(commands)) {
      const began = performance.now();
      const { status, stdout } = spawnSync(program, args, {
        env,
        cwd: '/',
        encoding: 'utf8',
        maxBuffer: 1 << 26,
      });
      if (status !== 0) throw new Error(`${name} ended with ${status}: ${stdout}`);
      if (run >= 0) times[name].push(performance.now() - began);
    }
  }
  return times;
}

/** Peak memory of one run of each, MB, as the process itself tells at its end. */
export function peakMemory(commands, env, folder) {
  const [hook, told] = [path.join(folder, 'peak.cjs'), path.join(folder, 'peak')];
  writeFileSync(
    hook,
    `process.on('exit', () => require('fs').writeFileSync(${JSON.stringify(told)}, '' + process.resourceUsage().maxRSS))`,
  );
  const withHook = { ...env, NODE_OPTIONS: `--require ${JSON.stringify(hook)}` };
  const peaks = Object.entries(commands).map(([name, [program, ...args]]) => {
    const runs = Array.from({ length: 5 }, () => {
      rmSync(told, { force: true });
      spawnSync(program, args, { env: withHook, cwd: '/', maxBuffer: 1 << 26 });
      return Number(readFileSync(told, 'utf8')) / 1024;
    });
    return [name, median(runs)];
  });
  return Object.fromEntries(peaks);
}

/** Starts `count` at once. @returns ms until the last one ended, and how many did well */
export async function timeTogether([program, ...args], env, count) {
  const began = performance.now();
  const codes = await Promise.all(
    Array.from(
      { length: count },
      () =>
        new Promise((resolve) => {
          const child = spawn(program, args, { env, cwd: '/', stdio: ['ignore', 'ignore', 'inherit'] });
          child.on('close', resolve);
        }),
    ),
  );
  return { ms: performance.now() - began, well: codes.filter((code) => code === 0).length };
}
