import { spawn, spawnSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

export const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];

/**
 * Runs all commands alternately, `runs` times, so that other load on the machine affects all of them alike.
 * @param commands name -> [program, ...arguments]
 * @param pauseMs pause before each round, for work that the last one caused
 * @returns name -> ms of each run
 */
export async function timeAlternately(commands, env, runs, pauseMs = 0) {
  const times = Object.fromEntries(Object.keys(commands).map((name) => [name, []]));
  // The first round only fills the disk caches.
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

/** Median peak memory of each command in MB, as the process itself reports it at its exit. */
export function peakMemory(commands, env, folder) {
  const [hook, result] = [path.join(folder, 'peak.cjs'), path.join(folder, 'peak')];
  writeFileSync(
    hook,
    `process.on('exit', () => require('fs').writeFileSync(${JSON.stringify(result)}, '' + process.resourceUsage().maxRSS))`,
  );
  const withHook = { ...env, NODE_OPTIONS: `--require ${JSON.stringify(hook)}` };
  const peaks = Object.entries(commands).map(([name, [program, ...args]]) => {
    const runs = Array.from({ length: 5 }, () => {
      rmSync(result, { force: true });
      spawnSync(program, args, { env: withHook, cwd: '/', maxBuffer: 1 << 26 });
      return Number(readFileSync(result, 'utf8')) / 1024;
    });
    return [name, median(runs)];
  });
  return Object.fromEntries(peaks);
}

/** Starts `count` processes at once. @returns ms until the last one exits, and how many succeeded */
export async function timeConcurrently([program, ...args], env, count) {
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
  return { ms: performance.now() - began, succeeded: codes.filter((code) => code === 0).length };
}
