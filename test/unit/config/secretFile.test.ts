import { strict as assert } from 'node:assert';
import { chmod } from 'node:fs/promises';
import { readSecretFile, readSecretLine } from '../../../config/input/secretFile.ts';
import { scratch, type Scratch } from '../../fixtures/scratch.ts';

describe('files with secrets', () => {
  let files: Scratch;
  before(async () => {
    files = await scratch();
  });
  after(() => files.remove());

  it('the first line of a private secret file is the secret', async () => {
    assert.equal(readSecretLine('secret', await files.write('line', ' the key \nand more\n')), 'the key');
  });

  it('an empty secret file is rejected, and so is an empty first line', async () => {
    const empty = await files.write('empty', ' \n');
    assert.throws(() => readSecretFile('webhook secret file', empty), {
      message: `The webhook secret file ${empty} is empty.`,
    });
    const late = await files.write('late', '\nthe key\n');
    assert.throws(() => readSecretLine('secret', late), /The first line of the secret .*late is empty/);
  });

  for (const mode of [0o604, 0o602, 0o644]) {
    it(`a secret file with mode ${mode.toString(8)} is rejected, with the command that corrects it`, async () => {
      const path = await files.write('open', 'the key');
      await chmod(path, mode);
      assert.throws(() => readSecretFile('secret', path), {
        name: 'ConfigurationError',
        message: `Other users can access the secret ${path} (mode ${mode.toString(8)}). Run 'chmod o= ${path}'.`,
      });
    });
  }

  it('a secret file that its group may read is accepted', async () => {
    const path = await files.write('group', 'the key');
    await chmod(path, 0o640);
    assert.equal(readSecretFile('secret', path).toString(), 'the key');
  });
});
