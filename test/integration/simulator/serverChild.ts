import { startSimulator } from '../../../simulator/server.ts';

// A simulator in a process of its own, for tests that kill it: state file as argument, url as message.
const simulator = await startSimulator({ stateFile: process.argv[2] ?? '', pendingSeconds: 0 });
process.send?.(simulator.url);
