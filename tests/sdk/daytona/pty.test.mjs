import { after, before, test } from 'node:test';
import WebSocket from 'ws';
import { apiKey, assert, failsWith, sdk, until, World } from './world.mjs';

let world, sandbox, shell;
before(async () => {
  world = await World.open();
  sandbox = await world.daytona.create();
  shell = sandbox.process;
});
after(() => world.close());

/** A terminal and what it has shown so far. */
async function terminal(options) {
  const screen = { text: '' };
  const decoder = new TextDecoder();
  const handle = await shell.createPty({ ...options, onData: (data) => (screen.text += decoder.decode(data, { stream: true })) });
  const shows = (pattern) => until(() => pattern.exec(screen.text), `the terminal shows ${pattern}`);
  return { handle, screen, shows };
}

test('a terminal echoes, runs and tells how it ended', async () => {
  const { handle, shows } = await terminal({ id: 'one', cols: 100, rows: 30, cwd: '/tmp', envs: { NAME: 'blue' } });
  assert.equal(handle.sessionId, 'one');
  assert.ok(handle.isConnected());
  await handle.sendInput('echo "<$NAME:$PWD>"; stty size; [ -t 0 ] && echo a-terminal\n');
  await shows(/<blue:\/tmp>/);
  await shows(/30 100/);
  await shows(/\na-terminal/);
  await handle.sendInput(new TextEncoder().encode('exit 3\n'));
  const result = await handle.wait();
  assert.equal(result.exitCode, 3);
  assert.equal(handle.exitCode, 3);
  await handle.disconnect();
});

test('a terminal can be resized while it runs', async () => {
  const { handle, shows } = await terminal({ id: 'size' });
  const info = await handle.resize(132, 43);
  assert.equal(info.cols, 132);
  assert.equal(info.rows, 43);
  await handle.sendInput('stty size\n');
  await shows(/43 132/);
  const again = await shell.resizePtySession('size', 90, 20);
  assert.deepEqual([again.cols, again.rows], [90, 20]);
  await handle.kill();
});

test('killing it ends it', async () => {
  const { handle } = await terminal({ id: 'killed' });
  await handle.sendInput('sleep 1000\n');
  await handle.kill();
  const result = await handle.wait();
  assert.notEqual(result.exitCode, 0);
  assert.ok(!handle.isConnected());
  await failsWith(shell.getPtySessionInfo('killed'), sdk.DaytonaNotFoundError, { status: 404 });
});

test('control-C interrupts what runs, not the shell', async () => {
  const { handle, screen, shows } = await terminal({ id: 'interrupt' });
  await handle.sendInput("echo rea''dy; sleep 1000\n");
  await shows(/ready/);
  await handle.sendInput('\u0003');
  await handle.sendInput('echo status=$?\n');
  await shows(/status=130/);
  assert.ok(screen.text.includes('^C'));
  await handle.sendInput('exit\n');
  await handle.wait();
});

test('terminals are listed and described', async () => {
  const { handle } = await terminal({ id: 'listed', cols: 70, rows: 22 });
  const info = await shell.getPtySessionInfo('listed');
  assert.equal(info.id, 'listed');
  assert.equal(info.active, true);
  assert.deepEqual([info.cols, info.rows], [70, 22]);
  assert.ok((await shell.listPtySessions()).some((one) => one.id === 'listed'));
  await shell.killPtySession('listed');
  assert.ok(!(await shell.listPtySessions()).some((one) => one.id === 'listed'));
  await handle.disconnect();
});

test('a second client can join a terminal', async () => {
  const { handle, shows } = await terminal({ id: 'joined' });
  let seen = '';
  const second = await shell.connectPty('joined', { onData: (data) => (seen += new TextDecoder().decode(data)) });
  assert.ok(second.isConnected());
  await second.sendInput("echo from-the-sec''ond\n");
  await shows(/from-the-second/);
  await until(() => /from-the-second/.test(seen), 'the second sees it too');
  await handle.sendInput('exit 0\n');
  assert.equal((await second.wait()).exitCode, 0);
  await handle.wait();
});

test('refused: two of one name, and one that is not there', async () => {
  const { handle } = await terminal({ id: 'twice' });
  await assert.rejects(shell.createPty({ id: 'twice', onData: () => {} }));
  await failsWith(shell.getPtySessionInfo('nobody'), sdk.DaytonaNotFoundError, { status: 404, message: /PTY session not found/ });
  await failsWith(shell.resizePtySession('nobody', 10, 10), sdk.DaytonaNotFoundError, { status: 404 });
  await failsWith(shell.killPtySession('nobody'), sdk.DaytonaNotFoundError, { status: 404 });
  await handle.kill();
});

test('the older way: made by one request, joined by another', async () => {
  const path = world.toolbox(sandbox, '/process/pty');
  const made = await world.request('POST', path, { body: { id: 'older', cols: 80, rows: 24 } });
  assert.equal(made.status, 201);
  assert.equal((await made.json()).sessionId, 'older');
  assert.equal((await world.request('POST', path, { body: { id: 'older' } })).status, 409);
  assert.equal((await world.request('POST', path, { body: { id: 'wide', cols: 1001 } })).status, 400);
  const socket = new WebSocket(`${path}/older/connect`.replace(/^http/, 'ws'), { headers: { Authorization: `Bearer ${apiKey}` } });
  const first = await new Promise((resolve, reject) => socket.once('message', (data, binary) => resolve({ text: data.toString(), binary })).once('error', reject));
  assert.deepEqual(JSON.parse(first.text), { type: 'control', status: 'connected' });
  assert.equal(first.binary, false);
  const closed = new Promise((resolve) => socket.once('close', (code, reason) => resolve({ code, reason: reason.toString() })));
  socket.send('exit 9\n');
  const { code, reason } = await closed;
  assert.equal(code, 1011);
  assert.equal(JSON.parse(reason).exitCode, 9);
});
