import { createHarness } from './harness.ts';
import type { Check } from './check.ts';
import { CHECKS } from './checks/all.ts';
import { startInstalled, type Installed } from './installed.ts';
import { openPool, type Job } from './installationPool.ts';

/** Installations at once. They mostly wait, and a machine of two cores carries two. */
export const INSTALLATIONS = 2;

/** A check as a job, of our own plugin or of another one. */
export const jobOf = (
  { number, title, run, lane }: Check,
  name = `${number}: ${title}`,
  pluginOf: (installed: Installed) => Promise<Installed['plugin']> = (installed) =>
    Promise.resolve(installed.plugin),
): Job => ({
  name,
  ...(lane !== undefined && { lane }),
  run: async (installed) => run(createHarness(await pluginOf(installed), installed.world)),
});

/** Runs every check against the installed plugin and says what comes of each. @returns whether it keeps all */
export async function runConformance(
  say: (line: string) => void,
  only: readonly number[],
  soakSeconds?: number,
): Promise<boolean> {
  const chosen = CHECKS.filter(({ number }) => only.length === 0 || only.includes(number));
  const jobs = chosen.map((check) => ({ ...check, job: jobOf(check) }));
  const began = Date.now();
  const lanes = openPool(
    Math.min(INSTALLATIONS, chosen.length),
    jobs.map(({ job }) => job),
    () => startInstalled(soakSeconds),
  );
  let broken = 0;
  try {
    for (const { number, title, job } of jobs) {
      const { fault, seconds } = await lanes.outcome(job.name);
      say(`${String(number).padStart(2)} ${fault ? 'BROKEN' : 'kept  '} ${title} (${seconds.toFixed(1)} s)`);
      if (!fault) continue;
      broken += 1;
      say(`   ${fault.message.replaceAll('\n', '\n   ')}`);
    }
  } finally {
    await lanes.end();
  }
  const seconds = Math.round((Date.now() - began) / 1_000);
  say(`${chosen.length} checks: ${chosen.length - broken} kept, ${broken} broken (${seconds} s)`);
  return broken === 0;
}
