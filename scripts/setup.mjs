/** What has to be there before anything of ours can run. Node's own modules only: it runs before `npm ci`. */
export { ensureDependencies } from './lib/build/dependencies.mjs';
export { ensureBuild } from './lib/build/build.mjs';
export { findTemporalServer } from './lib/servers/temporal-server.mjs';
export { findTestServer } from './lib/servers/test-server.mjs';
export { freePort } from './lib/ports.mjs';
export { say } from './lib/say.mjs';
