import { createBench } from './bench.ts';
import { CHECKS } from './checks/all.ts';
import { startInstalled } from './installed.ts';

/** Runs every check against the installed plugin and says what comes of each. @returns whether it keeps all */
export async function runConformance(say: (line: string) => void, only: readonly number[]): Promise<boolean> {
  const { plugin, world, end } = await startInstalled();
  let broken = 0;
  const began = Date.now();
  const chosen = CHECKS.filter(({ number }) => only.length === 0 || only.includes(number));
  try {
    for (const { number, title, run } of chosen) {
      const from = Date.now();
      const fault = await run(createBench(plugin, world)).then(
        () => undefined,
        (error: unknown) => (error instanceof Error ? error : new Error(String(error))),
      );
      await world.restore();
      const seconds = ((Date.now() - from) / 1_000).toFixed(1);
      say(`${String(number).padStart(2)} ${fault ? 'BROKEN' : 'kept  '} ${title} (${seconds} s)`);
      if (!fault) continue;
      broken += 1;
      say(`   ${fault.message.replaceAll('\n', '\n   ')}`);
    }
  } finally {
    await end();
  }
  const seconds = Math.round((Date.now() - began) / 1_000);
  say(`${chosen.length} checks: ${chosen.length - broken} kept, ${broken} broken (${seconds} s)`);
  return broken === 0;
}
