// Runs in its own process, because the download cannot be cancelled but a process can be killed.
// Arguments: dev-server or time-skipping, and the folder for the program. Exit code 0: the program exists and starts.
import { TestWorkflowEnvironment } from '@temporalio/testing';

const [kind, downloadDir] = process.argv.slice(2);
const options = { server: { executable: { type: 'cached-download', downloadDir } } };
const environment =
  kind === 'dev-server'
    ? await TestWorkflowEnvironment.createLocal(options)
    : await TestWorkflowEnvironment.createTimeSkipping(options);
await environment.teardown();
