import type { Command } from './command.ts';

export interface CommandEntry {
  readonly name: string;
  readonly summary: string;
  /** Positional arguments as help shows them; without any the command takes none. */
  readonly words?: string;
  readonly options: readonly (readonly [flags: string, meaning: string])[];
  readonly examples: readonly string[];
  readonly load: () => Promise<{ readonly run: Command }>;
}

/** Every command beside Host Factory's operations. */
export const COMMANDS: readonly CommandEntry[] = [
  {
    name: 'worker',
    summary: 'Run the worker, which does the work of all requests',
    options: [],
    examples: ['worker'],
    load: () => import('./worker.ts'),
  },
  {
    name: 'simulate-aws',
    summary: 'Serve a simulated AWS for trying things out',
    options: [
      ['--port <n>', 'TCP port; any free one if left out'],
      ['--state <file>', 'Where its machines survive a restart'],
      ['--pending-seconds <s>', 'Time that a machine takes to start'],
      ['--shutting-down-seconds <s>', 'Time that a machine takes to end'],
      ['--consistency-lag-ms <ms>', 'How long reads do not show what was just done'],
    ],
    examples: ['simulate-aws --port 4566 --state aws.jsonl'],
    load: () => import('./simulateAws.ts'),
  },
];
