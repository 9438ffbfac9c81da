import { ec2At, run } from '../../fixtures/cloud/simulatedEc2.ts';

// A client in a process of its own, for tests that kill it at a gate: url as argument.
await run(ec2At(process.argv[2] ?? ''), { ClientToken: 'killed', MaxCount: 3 });
