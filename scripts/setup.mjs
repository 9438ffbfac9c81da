/** What has to be there before anything of ours can run. Node's own modules only: it runs before `npm ci`. */
export { ensureDependencies } from './lib/dependencies.mjs';
export { ensureBuild } from './lib/build.mjs';
export { findTemporalServer } from './lib/temporal-server.mjs';
export { findTestServer } from './lib/test-server.mjs';
export { freePort } from './lib/ports.mjs';
export { say } from './lib/say.mjs';
