import { after, before, test } from 'node:test';
import { assert, failsWith, sdk, until, World } from './world.mjs';

let world, sandbox, shell;
before(async () => {
  world = await World.open();
  sandbox = await world.daytona.create();
  shell = sandbox.process;
});
after(() => world.close());

const finished = (session, command) =>
  until(async () => {
    const { exitCode } = await shell.getSessionCommand(session, command);
    return exitCode === undefined ? undefined : { exitCode };
  }, `command ${command} ends`);

test('a session keeps its directory and its variables', async () => {
  await shell.createSession('state');
  await shell.executeSessionCommand('state', { command: 'cd /tmp && export COLOUR=blue' });
  const reply = await shell.executeSessionCommand('state', { command: 'echo $PWD $COLOUR' });
  assert.equal(reply.exitCode, 0);
  assert.equal(reply.stdout, '/tmp blue\n');
  assert.equal(reply.stderr, '');
  assert.ok(reply.cmdId);
  await shell.deleteSession('state');
});

test('a synchronous command tells both streams and its exit code', async () => {
  await shell.createSession('sync');
  const reply = await shell.executeSessionCommand('sync', { command: 'echo out; echo err >&2; (exit 5)' });
  assert.equal(reply.exitCode, 5);
  assert.equal(reply.stdout, 'out\n');
  assert.equal(reply.stderr, 'err\n');
  assert.match(reply.output, /\u0001\u0001\u0001out/);
  await shell.deleteSession('sync');
});

test('an asynchronous command has no exit code until it ends', async () => {
  await shell.createSession('async');
  const { cmdId, exitCode } = await shell.executeSessionCommand('async', {
    command: 'until [ -e go ]; do sleep 0.02; done; echo went; (exit 4)',
    runAsync: true,
  });
  assert.equal(exitCode ?? undefined, undefined);
  const running = await shell.getSessionCommand('async', cmdId);
  assert.equal(running.exitCode ?? undefined, undefined);
  assert.match(running.command, /until/);
  await shell.executeCommand('touch go');
  assert.equal((await finished('async', cmdId)).exitCode, 4);
  const logs = await shell.getSessionCommandLogs('async', cmdId);
  assert.equal(logs.stdout, 'went\n');
  assert.equal(logs.stderr, '');
  await shell.deleteSession('async');
});

test('logs can be followed while it runs', async () => {
  await shell.createSession('follow');
  const { cmdId } = await shell.executeSessionCommand('follow', {
    command: 'for i in 1 2 3; do echo out $i; echo err $i >&2; sleep 0.05; done',
    runAsync: true,
  });
  let out = '', err = '';
  await shell.getSessionCommandLogs('follow', cmdId, (chunk) => (out += chunk), (chunk) => (err += chunk));
  assert.equal(out, 'out 1\nout 2\nout 3\n');
  assert.equal(err, 'err 1\nerr 2\nerr 3\n');
  await shell.deleteSession('follow');
});

test('input reaches a command that waits for it', async () => {
  await shell.createSession('input');
  const { cmdId } = await shell.executeSessionCommand('input', {
    command: 'read name; echo hello $name',
    runAsync: true,
    suppressInputEcho: true,
  });
  await shell.sendSessionCommandInput('input', cmdId, 'world');
  assert.equal((await finished('input', cmdId)).exitCode, 0);
  assert.equal((await shell.getSessionCommandLogs('input', cmdId)).stdout, 'hello world\n');
  await failsWith(shell.sendSessionCommandInput('input', cmdId, 'late'), sdk.DaytonaCommandAlreadyCompletedError, {
    status: 410,
  });
  await shell.deleteSession('input');
});

test('input is echoed into the log unless that is suppressed', async () => {
  await shell.createSession('echo');
  const { cmdId } = await shell.executeSessionCommand('echo', { command: 'read name; echo hello $name', runAsync: true });
  await shell.sendSessionCommandInput('echo', cmdId, 'world\n');
  await finished('echo', cmdId);
  assert.equal((await shell.getSessionCommandLogs('echo', cmdId)).stdout, 'world\nhello world\n');
  await shell.deleteSession('echo');
});

test('a session lists what it ran', async () => {
  await shell.createSession('list');
  await shell.executeSessionCommand('list', { command: 'true' });
  await shell.executeSessionCommand('list', { command: 'false' });
  const session = await shell.getSession('list');
  assert.equal(session.sessionId, 'list');
  assert.deepEqual(session.commands.map(({ command, exitCode }) => [command, exitCode]), [['true', 0], ['false', 1]]);
  assert.ok((await shell.listSessions()).some((one) => one.sessionId === 'list'));
  await shell.deleteSession('list');
  assert.ok(!(await shell.listSessions()).some((one) => one.sessionId === 'list'));
});

test('exit ends the shell of a session: a later command never finishes', async () => {
  await shell.createSession('dead');
  const { cmdId } = await shell.executeSessionCommand('dead', { command: 'exit 3', runAsync: true });
  const next = shell.executeSessionCommand('dead', { command: 'echo unheard' }, 1);
  await assert.rejects(next);
  assert.equal((await shell.getSessionCommand('dead', cmdId)).exitCode ?? undefined, undefined);
  await shell.deleteSession('dead');
});

test('a subshell protects a session from exit', async () => {
  await shell.createSession('safe');
  assert.equal((await shell.executeSessionCommand('safe', { command: '(exit 3)' })).exitCode, 3);
  assert.equal((await shell.executeSessionCommand('safe', { command: 'echo alive' })).stdout, 'alive\n');
  await shell.deleteSession('safe');
});

test('deleting a session ends its background children', async () => {
  await shell.createSession('children');
  await shell.executeSessionCommand('children', { command: 'sleep 987 & echo $! > child' });
  await shell.deleteSession('children');
  assert.equal((await shell.executeCommand('kill -0 $(cat child) 2>/dev/null || echo gone')).result, 'gone\n');
});

test('refused: what is there already, what is not there, what is nothing', async () => {
  await shell.createSession('twice');
  await failsWith(shell.createSession('twice'), sdk.DaytonaConflictError, { status: 409 });
  await failsWith(shell.createSession('entrypoint'), sdk.DaytonaValidationError, { status: 400 });
  await failsWith(shell.getSession('nobody'), sdk.DaytonaNotFoundError, { status: 404 });
  await failsWith(shell.deleteSession('nobody'), sdk.DaytonaNotFoundError, { status: 404 });
  await failsWith(shell.getSessionCommand('twice', 'nobody'), sdk.DaytonaNotFoundError, { status: 404 });
  await failsWith(shell.getSessionCommandLogs('twice', 'nobody'), sdk.DaytonaNotFoundError, { status: 404 });
  await failsWith(shell.executeSessionCommand('twice', { command: ' ' }), sdk.DaytonaValidationError, { status: 400 });
  await failsWith(shell.executeSessionCommand('nobody', { command: 'true' }), sdk.DaytonaNotFoundError, { status: 404 });
  await shell.deleteSession('twice');
});

test('the entrypoint has a session of its own', async () => {
  const session = await shell.getEntrypointSession();
  assert.equal(session.sessionId, 'entrypoint');
  const logs = await shell.getEntrypointLogs();
  assert.equal(typeof logs.output, 'string');
});

test('logs have the form that the version of the client asks for', async () => {
  await shell.createSession('forms');
  const { cmdId } = await shell.executeSessionCommand('forms', { command: 'echo out; echo err >&2' });
  const logs = (headers) => world.request('GET', world.toolbox(sandbox, `/process/session/forms/command/${cmdId}/logs`), { headers });
  const plain = await logs({});
  assert.match(plain.headers.get('content-type'), /^text\/plain/);
  assert.deepEqual((await plain.text()).split('\n').sort(), ['', 'err', 'out']);
  const marked = await logs({ 'X-Daytona-SDK-Version': '0.100.0' });
  assert.match(await marked.text(), /\u0001\u0001\u0001out\n/);
  const json = await logs({ 'X-Daytona-SDK-Version': '0.167.0' });
  assert.equal((await json.json()).stderr, 'err\n');
  await shell.deleteSession('forms');
});
