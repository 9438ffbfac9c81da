import assert from 'node:assert/strict';
import { clientKind } from '../../../../cli/gateway/selectClient.ts';

const local = { address: '127.0.0.1:7233', namespace: 'default', deadlineSeconds: 8 };
const remote = { ...local, address: 'temporal.example.com:7233' };

describe('the client of an operation', () => {
  it('the lean client is the default, also with TLS and an API key', () => {
    assert.equal(clientKind(local, {}), 'lean');
    assert.equal(clientKind({ ...remote, tls: { caFile: '/ca.pem' }, apiKey: 'key' }, {}), 'lean');
  });

  it('the SDK client is selected if the server is behind a proxy', () => {
    assert.equal(clientKind(remote, { https_proxy: 'http://proxy:3128' }), 'sdk');
    assert.equal(clientKind(local, { https_proxy: 'http://proxy:3128' }), 'lean');
  });

  it('the SDK client is selected if gRPC’s variables configure TLS', () => {
    const env = { GRPC_DEFAULT_SSL_ROOTS_FILE_PATH: '/ca.pem' };
    assert.equal(clientKind({ ...remote, tls: true }, env), 'sdk');
    assert.equal(clientKind(remote, env), 'lean');
  });

  it('OHF_GATEWAY selects the client', () => {
    assert.equal(clientKind(local, { OHF_GATEWAY: 'sdk' }), 'sdk');
    assert.equal(clientKind(remote, { OHF_GATEWAY: 'lean', https_proxy: 'http://proxy:3128' }), 'lean');
    assert.throws(
      () => clientKind(local, { OHF_GATEWAY: 'fast' }),
      /OHF_GATEWAY is "fast"; allowed: lean, sdk/,
    );
  });
});
