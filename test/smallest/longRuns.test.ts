import { closesWith, TIMEOUT_MS } from './run.ts';

const PROGRAM = 'scripts/program.mjs';

describe('the smallest form of each long verification', function () {
  this.timeout(TIMEOUT_MS);

  it('hfsim ends with equal host tables after a minute of demand', () => {
    const options = '--minutes 1 --speed 60 --hosts 2 --demand 0:2'.split(' ');
    return closesWith(/equal; seed \d+$/, PROGRAM, 'hfsim', ...options);
  });

  it('soak ends with the longest history of each workflow type', () => {
    const options = '--minutes 0.05 --speed 60 --hosts 2'.split(' ');
    return closesWith(
      /^ *(fleetMonitor|machineRequest|machineReturn): \d+ events/,
      PROGRAM,
      'soak',
      ...options,
    );
  });

  it('test:crash passes one lifecycle that is selected by its name', () =>
    closesWith(/\b1 of 1\b/, PROGRAM, 'crash', 'every second read'));

  it('test:model passes one random lifecycle of the real workflows', () =>
    closesWith(/^1 .*seed \d+/, PROGRAM, 'model', '--workflows', '1', '--owners', '10'));

  it('test:fuzz passes with one case for each property', () =>
    closesWith(/^\d+ cases, seed \d+: (\d+) of \1 /, PROGRAM, 'fuzz', '--cases', '1'));

  it('conformance passes one check that is selected by its number', () =>
    closesWith(/^1 checks?: 1 /, PROGRAM, 'conformance', '3'));
});
