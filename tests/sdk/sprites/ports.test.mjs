// Ports: forwarded, watched, and on the sprite's own address.
import { createServer } from 'node:net';
import { connect } from 'node:net';
import { after, before, test } from 'node:test';
import { all, assert, collect, failure, next, sdk, until, World } from './world.mjs';

let world, client, sprite;
before(async () => {
  world = await World.open({ lookMs: 50 });
  client = world.client();
  sprite = await client.createSprite('ports');
});
after(() => world.close());

/** A port that is free now: sprites share this machine's. */
async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

const serving = (port) => `
import http.server, json, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = json.dumps({'path': self.path, 'headers': dict(self.headers)}).encode()
        self.send_response(200)
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)
http.server.HTTPServer(('127.0.0.1', ${port}), Handler).serve_forever()
`;

/** A web server in the sprite, as a service. */
async function serve(name, port, more = {}) {
  await all(await sprite.createService(name, { cmd: 'python3', args: ['-c', serving(port)], ...more }, '10ms'));
}

test('ports are watched as they open and close', async () => {
  const port = await freePort();
  const watcher = await sprite.watchPorts();
  assert.deepEqual(await watcher.next(), { type: 'port_list', ports: [] });
  await serve('seen', port);
  const opened = await watcher.next();
  assert.deepEqual([opened.type, opened.port, opened.address], ['port_opened', port, '10.0.0.1']);
  assert.equal(opened.pid, (await sprite.getService('seen')).state.pid);
  const second = await sprite.watchPorts();
  assert.deepEqual((await second.next()).ports.map((entry) => entry.port), [port]);
  second.close();
  await sprite.deleteService('seen');
  assert.equal((await watcher.next()).type, 'port_closed');
  watcher.close();
  assert.equal(watcher.isClosed(), true);
  const broken = new sdk.PortWatcher(client, 'absent');
  assert.match((await failure(broken.connect())).message, /WebSocket/);
});

test('a local port leads into the sprite', async () => {
  const port = await freePort();
  await serve('tunnelled', port);
  const proxy = await sprite.proxyPort(0, port);
  const url = `http://${proxy.localAddr()}`;
  await until(() => fetch(url).then(() => true, () => false), 'the server');
  const { result, sockets } = await world.costOf(async () => (await fetch(`${url}/a?b=c`)).json());
  assert.equal(result.path, '/a?b=c');
  assert.ok(sockets <= 1);
  const closed = next(proxy, 'close');
  proxy.close();
  await closed;
  await proxy.wait();
  assert.equal(proxy.localAddr(), null);
  await sprite.deleteService('tunnelled');
});

test('any bytes pass a proxy, both ways', async () => {
  const port = await freePort();
  const script = `import socket
s = socket.create_server(('127.0.0.1', ${port})); print('up', flush=True)
while True:
    c, _ = s.accept()
    while (d := c.recv(65536)): c.sendall(d)
    c.close()`;
  const command = sprite.spawn('python3', ['-c', script]);
  const seen = collect(command);
  await until(() => seen.stdout === 'up\n', 'the server');
  const proxies = await sprite.proxyPorts([{ localPort: 0, remotePort: port }, { localPort: 0, remotePort: port, remoteHost: '10.0.0.1' }]);
  const manager = new sdk.ProxyManager();
  for (const proxy of proxies) manager.addSession(proxy);
  const sent = Buffer.from(Array.from({ length: 300_000 }, (_, i) => (i * 31) & 255));
  for (const proxy of proxies) {
    const socket = connect(Number(proxy.localAddr().split(':')[1]), 'localhost');
    const pieces = [];
    let size = 0;
    socket.on('data', (data) => (pieces.push(data), (size += data.length)));
    socket.write(sent);
    await until(() => size === sent.length, 'the echo');
    assert.ok(Buffer.concat(pieces).equals(sent));
    socket.destroy();
  }
  const waiting = manager.waitAll();
  manager.closeAll();
  await waiting;
  command.kill();
  await command.wait();
});

test('where nothing listens the local connection just ends', async () => {
  const proxy = await sprite.proxyPort(0, await freePort());
  const socket = connect(Number(proxy.localAddr().split(':')[1]), 'localhost');
  socket.on('error', () => {});
  await next(socket, 'close');
  proxy.close();
});

test('the address is private unless it was made public', async () => {
  const port = await freePort();
  await serve('web', port, { httpPort: port });
  const { url } = await client.getSprite('ports');
  const turned = await world.request('GET', `${url}/x`, { token: '' });
  assert.equal(turned.status, 302);
  assert.match(turned.headers.get('location'), /^https:\/\/sprites\.dev\//);
  const passed = await (await world.request('GET', `${url}/x?y=1`, { headers: { 'x-own': 'kept' } })).json();
  assert.equal(passed.path, '/x?y=1');
  const headers = Object.fromEntries(Object.entries(passed.headers).map(([name, value]) => [name.toLowerCase(), value]));
  assert.equal(headers['x-own'], 'kept');
  assert.equal(headers.authorization, undefined);
  assert.equal((await world.request('GET', `${url}/x`, { token: 'rival/org/1/secret' })).status, 302);
  await sprite.updateURLSettings({ auth: 'public' });
  assert.equal((await world.request('GET', `${url}/x`, { token: '' })).status, 200);
});

test('a request to the address wakes the sprite, and waits for who listens', async () => {
  const { url } = await client.getSprite('ports');
  await world.disturb('GET /v1/sprites/{name}', 'cold');
  assert.equal((await client.getSprite('ports')).status, 'cold');
  assert.equal((await fetch(`${url}/woken`)).status, 200);
  assert.equal((await client.getSprite('ports')).status, 'running');
  await sprite.deleteService('web');
  const port = await freePort();
  await all(await sprite.createService('late', { cmd: 'sleep', args: ['60'], httpPort: port }, '10ms'));
  const error = await failure(fetch(`${url}/hangs`, { signal: AbortSignal.timeout(300) }));
  assert.equal(error.name, 'TimeoutError');
});
