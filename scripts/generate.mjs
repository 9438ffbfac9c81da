import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { root } from './lib/paths.mjs';
import { generateMessages } from './lib/build/proto-messages.mjs';

// npm run generate: needed after an update of Temporal's packages, or of the messages that the lean gateway uses.
writeFileSync(path.join(root, 'cli', 'gateway', 'lean', 'messages.ts'), generateMessages());
