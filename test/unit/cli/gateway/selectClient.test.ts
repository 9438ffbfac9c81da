import assert from 'node:assert/strict';
import { clientKind } from '../../../../cli/gateway/selectClient.ts';

const local = { address: '127.0.0.1:7233', namespace: 'default', deadlineSeconds: 8 };
const remote = { ...local, address: 'temporal.example.com:7233' };

describe('the client of an operation', () => {
  it('is the lean one, with TLS and API key as well', () => {
    assert.equal(clientKind(local, {}), 'lean');
    assert.equal(clientKind({ ...remote, tls: { caFile: '/ca.pem' }, apiKey: 'key' }, {}), 'lean');
  });

  it('is Temporal’s own where a proxy leads to the server', () => {
    assert.equal(clientKind(remote, { https_proxy: 'http://proxy:3128' }), 'sdk');
    assert.equal(clientKind(local, { https_proxy: 'http://proxy:3128' }), 'lean');
  });

  it('is Temporal’s own where gRPC’s variables set up TLS', () => {
    const env = { GRPC_DEFAULT_SSL_ROOTS_FILE_PATH: '/ca.pem' };
    assert.equal(clientKind({ ...remote, tls: true }, env), 'sdk');
    assert.equal(clientKind(remote, env), 'lean');
  });

  it('is the one that OHF_GATEWAY names', () => {
    assert.equal(clientKind(local, { OHF_GATEWAY: 'sdk' }), 'sdk');
    assert.equal(clientKind(remote, { OHF_GATEWAY: 'lean', https_proxy: 'http://proxy:3128' }), 'lean');
    assert.throws(
      () => clientKind(local, { OHF_GATEWAY: 'fast' }),
      /OHF_GATEWAY is "fast"; allowed: lean, sdk/,
    );
  });
});
