import { QUICK, startStack, type Stack } from '../fixtures/stack/stack.ts';
import { killCommandLine } from './commandLine.ts';
import { loseTheDatabase } from './database.ts';
import { runLifecycle, type Faults } from './lifecycle.ts';
import { createMatrix } from './matrix.ts';
import { DEADLINE_SECONDS, pauseTheOnlyWorker } from './pause.ts';
import { BOOT, CHANGES, killsOf, POINTS_IN_TWO_LIVES, type Kill } from './crashPoints.ts';
import { resetAfterDeadline, resetOwners, type OnReset } from './resets.ts';
import { templatesOfAllLaunchMethods, LAUNCH_METHODS } from './launchMethods.ts';

const say = (line: string): void => void process.stdout.write(`${line}\n`);
const matrix = createMatrix();

const onKill = ({ victim, point, mode }: Kill, calls: number): void => {
  const moment = point === BOOT ? 'during it' : mode === 'hold' ? 'before' : 'after';
  const what = victim === 'paused worker' ? 'worker paused' : `${victim} killed`;
  say(`  ${what} ${moment}: ${point.name} (${Object.keys(point.calls).join(', ')})`);
  // While machines boot one read is held, for all of them.
  matrix.add(`${what}, ${moment}`, point.name, point === BOOT ? LAUNCH_METHODS.length : calls);
};

const onReset: OnReset = (when, moment, owners) => {
  say(`  ${owners} owners reset to moment ${moment}, ${when}`);
  matrix.add('owner reset', `moment ${moment}, ${when}`, owners);
};

const killing = (kills: readonly Kill[]) => (stack: Stack) => runLifecycle(stack, { kills, onKill });

const cutting =
  (cuts: NonNullable<Faults['cuts']>) =>
  async (stack: Stack): Promise<void> => {
    await runLifecycle(stack, { kills: [], cuts });
    const column = `connection cut, ${cuts.mode === 'dropBefore' ? 'before' : 'after'}, times ${cuts.times}`;
    for (const [action, ways] of CHANGES) matrix.add(column, action, ways * cuts.times);
  };

/** Each is played in a stack of its own. */
const LIVES: readonly (readonly [string, (stack: Stack) => Promise<void>, deadlineSeconds?: number])[] = [
  ['the worker killed before each effect', killing(killsOf('worker', 'hold'))],
  ['the worker killed after each effect', killing(killsOf('worker', 'holdAfter'))],
  ['the worker killed while machines boot', killing(killsOf('worker', 'hold', [BOOT]))],
  ...(['hold', 'holdAfter'] as const).flatMap((mode) =>
    POINTS_IN_TWO_LIVES.map(
      (points, part) =>
        [
          `Temporal killed ${mode === 'hold' ? 'before' : 'after'} effects, part ${part + 1}`,
          killing(killsOf('temporal', mode, points)),
        ] as const,
    ),
  ),
  ...(['hold', 'holdAfter'] as const).flatMap((mode) =>
    POINTS_IN_TWO_LIVES.map(
      (points, part) =>
        [
          `the worker paused ${mode === 'hold' ? 'before' : 'after'} effects while another takes over, part ${part + 1}`,
          killing(killsOf('paused worker', mode, points)),
        ] as const,
    ),
  ),
  ['the only worker paused until the deadline is over', pauseTheOnlyWorker, DEADLINE_SECONDS],
  ['Temporal killed while machines boot', killing(killsOf('temporal', 'hold', [BOOT]))],
  ['the first connection of each call cut before its effect', cutting({ mode: 'dropBefore', times: 1 })],
  ['the first connection of each call cut after its effect', cutting({ mode: 'dropAfter', times: 1 })],
  ['the first two connections of each call cut after their effect', cutting({ mode: 'dropAfter', times: 2 })],
  [
    'every second read of machines cut, 20 times',
    async (stack) => {
      await runLifecycle(stack, { kills: [], readsCut: 20 });
      matrix.add('connection cut, before', 'DescribeInstances', 20);
    },
  ],
  [
    'scripts killed at every message between them and Temporal',
    (stack) =>
      killCommandLine(stack, {
        onKill: (operation, message, calls) => {
          say(`  ${calls} x ${operation} killed at message ${message}`);
          matrix.add('script killed', `${operation}, message ${message}`, calls);
        },
      }),
  ],
  [
    "Temporal's database lost while machines are alive",
    async (stack) => {
      await loseTheDatabase(stack);
      matrix.add('database lost', 'settled', LAUNCH_METHODS.length);
    },
  ],
  ['the owner reset to each moment of its life', (stack) => resetOwners(stack, onReset)],
  [
    'the owner reset to each moment of its life when its deadline is over',
    (stack) => resetAfterDeadline(stack, DEADLINE_SECONDS, onReset),
    DEADLINE_SECONDS,
  ],
];

/** Plays the whole matrix; true when nothing leaked, doubled or was killed that should live. */
async function main(words: readonly string[]): Promise<boolean> {
  const wanted = LIVES.filter(([name]) => words.every((word) => name.includes(word)));
  say(
    `${LAUNCH_METHODS.length} ways to get machines: ${LAUNCH_METHODS.map(({ api, priceType }) => `${api} (${priceType})`).join(', ')}`,
  );
  let held = 0;
  for (const [name, play, deadlineSeconds] of wanted) {
    say(`\n${name}`);
    const began = Date.now();
    const timers = deadlineSeconds === undefined ? QUICK : { ...QUICK, deadlineSeconds };
    const stack = await startStack(timers, templatesOfAllLaunchMethods());
    try {
      await play(stack);
      await stack.end();
      held += 1;
      say(`  0 leaked, 0 doubled, 0 bystanders killed (${Math.round((Date.now() - began) / 1_000)} s)`);
    } catch (error) {
      say(`  FAILED: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
      await stack.end().catch(() => undefined);
    }
  }
  say(`\n${matrix.table()}`);
  say(
    `\n${matrix.count()} calls with a fault; ${held} of ${wanted.length} lifecycles ended with the expected machines`,
  );
  return held === wanted.length;
}

let isHeld = false;
try {
  isHeld = await main(process.argv.slice(2));
} catch (error) {
  say(error instanceof Error ? (error.stack ?? error.message) : String(error));
}
// Temporal's runtime would keep the process alive.
process.exit(isHeld ? 0 : 1);
