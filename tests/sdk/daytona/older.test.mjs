// A daemon of 0.190, the last whose sources are public: what the client can still do, and how it fails otherwise.
import { after, before, test } from 'node:test';
import { assert, failsWith, sdk, World } from './world.mjs';

let world, sandbox;
before(async () => {
  world = await World.open('--set', 'daemon=0.190.0');
  world.describesReplies = false;
  sandbox = await world.daytona.create();
});
after(() => world.close());

test('the sandbox says what it runs', () => assert.equal(sandbox.daemonVersion, '0.190.0'));

test('commands, files and sessions work as ever', async () => {
  assert.equal((await sandbox.process.executeCommand('echo $((6 * 7))')).result, '42\n');
  await sandbox.fs.uploadFile(Buffer.from('old'), 'file');
  assert.equal((await sandbox.fs.downloadFile('file')).toString(), 'old');
  await sandbox.process.createSession('s');
  assert.equal((await sandbox.process.executeSessionCommand('s', { command: 'echo x' })).stdout, 'x\n');
  const info = await sandbox.fs.getFileDetails('file');
  assert.equal(info.modifiedAt, undefined);
  assert.match(info.owner, /^\d+$/);
});

test('errors about files have a status and no body', async () => {
  const reply = await world.request('GET', world.toolbox(sandbox, '/files/info?path=nothing'));
  assert.equal(reply.status, 404);
  assert.equal(await reply.text(), '');
  await failsWith(sandbox.fs.getFileDetails('nothing'), sdk.DaytonaNotFoundError, { status: 404 });
  const range = await world.request('GET', world.toolbox(sandbox, '/files/download?path=nothing'));
  assert.equal(range.status, 404);
  assert.equal(await range.text(), '');
});

test('a timeout has the older code', async () => {
  const error = await failsWith(sandbox.process.executeCommand('sleep 100', undefined, undefined, 1), sdk.DaytonaTimeoutError, {
    status: 408,
    code: 'REQUEST_TIMEOUT',
  });
  assert.equal(error.source, undefined);
});

test('what came later is not there', async () => {
  await failsWith(sandbox.updateEnv({ A: 'b' }), sdk.DaytonaNotFoundError, { status: 404 });
  await failsWith(sandbox.git.init('repository'), sdk.DaytonaNotFoundError, { status: 404 });
  await failsWith(sandbox.process.executeSessionCommand('nobody', { command: 'true' }), sdk.DaytonaInternalServerError, {
    status: 500,
    message: /session not found/,
  });
  await assert.rejects(sandbox.process.createPty({ id: 'new', onData: () => {} }));
});

test('a terminal is made the older way', async () => {
  const made = await world.request('POST', world.toolbox(sandbox, '/process/pty'), { body: { id: 'older' } });
  assert.equal(made.status, 201);
  const handle = await sandbox.process.connectPty('older', { onData: () => {} });
  await handle.sendInput('exit 4\n');
  assert.equal((await handle.wait()).exitCode, 4);
});
