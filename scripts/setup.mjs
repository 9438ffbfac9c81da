/** What every script sets up first. It runs before `npm ci`, so it may import only Node's own modules. */
export { ensureDependencies } from './lib/build/dependencies.mjs';
export { ensureBuild } from './lib/build/build.mjs';
export { findTemporalServer } from './lib/servers/temporal-server.mjs';
export { findTestServer } from './lib/servers/test-server.mjs';
export { freePort } from './lib/ports.mjs';
export { say } from './lib/say.mjs';
