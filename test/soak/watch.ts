import { setTimeout as delay } from 'node:timers/promises';
import type { Stack } from '../fixtures/stack/stack.ts';
import type { Say, Watch } from '../hfsim/simulation.ts';
import { growth, mean, sample, type Sample } from './samples.ts';

const EVERY_MS = 2_000;
/** Idle connections to AWS and Temporal that may stay: the SDK keeps them for the next call. */
const IDLE_SOCKETS = 20;
/** Until idle sockets and finished work are let go (ms). */
const QUIET_MS = 10_000;
/** A part of the memory after the first half of the run; more is no longer flat. */
const MOST_GROWTH = 0.1;
/** Events and MB of one run: Temporal warns at 10,240 and 10, and ends a workflow at 51,200 and 50. */
const MOST_EVENTS = 10_240;
const MOST_MB = 10;

/** Watches memory, files and sockets of the worker, and at the end the histories of all workflows. */
export function watchWorker(stack: Stack): Watch {
  const pid = stack.workerPid() ?? 0;
  const began = Date.now();
  const samples: Sample[] = [sample(pid, began)];
  const timer = setInterval(() => samples.push(sample(pid, began)), EVERY_MS);

  return {
    async end(say) {
      clearInterval(timer);
      await delay(QUIET_MS);
      const atEnd = sample(pid, began);
      return [tellMemory(samples, say), tellOpen(samples, atEnd, say), await tellHistories(stack, say)].every(
        Boolean,
      );
    },
  };
}

function tellMemory(samples: readonly Sample[], say: Say): boolean {
  const quarter = (which: number): readonly Sample[] =>
    samples.slice((samples.length * which) / 4, (samples.length * (which + 1)) / 4);
  const means = [0, 1, 2, 3].map((which) => mean(quarter(which).map(({ rssMb }) => rssMb)));
  const secondHalf = [...quarter(2), ...quarter(3)];
  const slope = growth(secondHalf, ({ rssMb }) => rssMb);
  const peak = Math.max(...samples.map(({ rssMb }) => rssMb));
  say(`\nmemory of the worker (RSS, ${samples.length} samples)`);
  say(
    `  mean of each quarter: ${means.map((mb) => `${mb.toFixed(0)} MB`).join(', ')}; peak ${peak.toFixed(0)} MB`,
  );
  say(`  second half: ${slope.toFixed(2)} MB a minute`);
  const [, , third = 0, last = 0] = means;
  return last <= third * (1 + MOST_GROWTH) || fail(say, 'The memory grows.');
}

function tellOpen(samples: readonly Sample[], atEnd: Sample, say: Say): boolean {
  const [atStart = atEnd] = samples;
  const most = (valueOf: (sample: Sample) => number): number => Math.max(...samples.map(valueOf));
  const text = (name: 'files' | 'sockets'): string =>
    `${atStart[name]} ${name} at the start, ${most((each) => each[name])} at most, ${atEnd[name]} at the end`;
  say(`open in the worker\n  ${text('files')}\n  ${text('sockets')}`);
  const isWell = atEnd.files <= atStart.files + 1 && atEnd.sockets <= atStart.sockets + IDLE_SOCKETS;
  return isWell || fail(say, 'Files or sockets stay open.');
}

/** Of every type of workflow the longest history of one run. */
async function tellHistories(stack: Stack, say: Say): Promise<boolean> {
  const longest = new Map<string, { runs: number; events: number; mb: number }>();
  for await (const { workflowId, runId, type } of stack.temporal.workflow.list()) {
    const { raw } = await stack.temporal.workflow.getHandle(workflowId, runId).describe();
    const { historyLength, historySizeBytes } = raw.workflowExecutionInfo ?? {};
    const known = longest.get(type) ?? { runs: 0, events: 0, mb: 0 };
    longest.set(type, {
      runs: known.runs + 1,
      events: Math.max(known.events, Number(historyLength ?? 0)),
      mb: Math.max(known.mb, Number(historySizeBytes ?? 0) / 2 ** 20),
    });
  }
  say('the longest history of a run');
  for (const [type, { runs, events, mb }] of longest)
    say(`  ${type}: ${events} events, ${mb.toFixed(2)} MB (${runs} runs)`);
  const isWell = [...longest.values()].every(({ events, mb }) => events < MOST_EVENTS && mb < MOST_MB);
  return isWell || fail(say, 'A history grows too long.');
}

function fail(say: Say, why: string): false {
  say(`  ${why.toUpperCase()}`);
  return false;
}
