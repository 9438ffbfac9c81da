import { closesWith, TIMEOUT_MS } from './run.ts';

describe('the smallest form of each benchmark', function () {
  this.timeout(TIMEOUT_MS);

  it('the smallest form of bench:storage measures both stores', () =>
    closesWith(/^ *open the store +\d+ ms$/, 'bench/storage.mjs', '--smallest'));

  it('the smallest form of bench:cli measures each call', () =>
    closesWith(/^getRequestStatus of 10 machines: .* MB$/, 'bench/cli.mjs', '--smallest'));

  it('the smallest form of bench:aws counts the calls of launch methods', () =>
    closesWith(/^DescribeInstances in \d+ s of waiting: /, 'bench/aws.mjs', '--smallest'));

  it('the smallest form of bench:scale measures large, many and racing requests', () =>
    closesWith(/^(All targets are met\.|Targets missed: .*)$/, 'bench/scale.mjs', '--smallest'));
});
