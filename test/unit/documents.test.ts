import assert from 'node:assert/strict';

const generator = new URL('../../../scripts/lib/docs/documents.mjs', import.meta.url);

describe('the generated documents', () => {
  it('the generated documents match the code', async () => {
    const module: unknown = await import(generator.href);
    assert.ok(typeof module === 'object' && module !== null && 'staleDocuments' in module);
    assert.ok(typeof module.staleDocuments === 'function');
    const stale: unknown = await module.staleDocuments();
    assert.deepEqual(stale, [], `stale: ${String(stale)}; run \`npm run docs\``);
  });
});
