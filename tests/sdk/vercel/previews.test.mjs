import { after, before, test } from 'node:test';
import { createServer } from 'node:net';
import WebSocket from 'ws';
import { assert, until, World } from './world.mjs';

let world;
before(async () => {
  world = await World.open();
});
after(() => world.close());

/** A port of this machine that nobody has: the network of the sandboxes is its own. */
async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

test('what listens on a port is reached at its route', async () => {
  const port = await freePort();
  const sandbox = await world.create({ ports: [port] });
  const [{ url }] = sandbox.routes;
  const silent = await fetch(url);
  assert.equal(silent.status, 502);
  assert.match(await silent.text(), /SANDBOX_NOT_LISTENING/);
  await sandbox.fs.writeFile('site/index.html', '<h1>afloat</h1>');
  await sandbox.runCommand({ cmd: 'python3', args: ['-m', 'http.server', String(port), '-d', 'site'], detached: true });
  const page = await until(async () => {
    const reply = await fetch(url);
    return reply.status === 200 && reply.text();
  }, 'its page');
  assert.equal(page, '<h1>afloat</h1>');
  await sandbox.stop();
  const stopped = await fetch(url);
  assert.equal(stopped.status, 410);
  assert.match(await stopped.text(), /SANDBOX_STOPPED/);
  await sandbox.delete();
  const gone = await fetch(url);
  assert.equal(gone.status, 404);
  assert.match(await gone.text(), /SANDBOX_NOT_FOUND/);
});

test('a terminal is opened, typed into, resized and ended', async () => {
  const sandbox = await world.create({ env: { FROM: 'sandbox' } });
  const { url, token } = await sandbox.openInteractive();
  const socket = new WebSocket(`${url}?token=${encodeURIComponent(token)}`);
  let shown = '';
  const exit = new Promise((resolve, reject) => {
    socket.on('message', (data, binary) => (binary ? (shown += data) : resolve(JSON.parse(data))));
    socket.on('error', reject);
  });
  await new Promise((resolve) => socket.once('open', resolve));
  const start = { type: 'start', command: 'sh', args: [], env: ['PS1=> ', 'TERM=dumb'], cwd: '/tmp', cols: 80, rows: 24 };
  socket.send(JSON.stringify(start));
  socket.send(JSON.stringify({ type: 'resize', cols: 100, rows: 40 }));
  socket.send(Buffer.from('stty size; pwd; echo $FROM\n'));
  await until(() => /40 100\r\n\/tmp\r\nsandbox/.test(shown), 'its answer');
  assert.match(shown, /40 100/);
  socket.send(Buffer.from('exit 6\n'));
  assert.deepEqual(await exit, { type: 'exit', code: 6 });
  const refused = new WebSocket(`${url}?token=wrong`);
  const status = await new Promise((resolve) => {
    refused.once('unexpected-response', (_, reply) => resolve(reply.statusCode));
    refused.once('open', () => resolve(101));
    refused.once('error', () => {});
  });
  assert.equal(status, 403);
  await sandbox.delete();
});

test('users of their own are beyond a sandbox without root, and told so', async () => {
  const sandbox = await world.create();
  await assert.rejects(sandbox.createUser('alice'));
  await assert.rejects(sandbox.createGroup('crew'));
  await sandbox.delete();
});
