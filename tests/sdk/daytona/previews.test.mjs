import { after, before, test } from 'node:test';
import { assert, failsWith, sdk, until, World } from './world.mjs';

let world, daytona, sandbox, port;
before(async () => {
  world = await World.open();
  daytona = world.daytona;
  sandbox = await daytona.create();
  // The system chooses the port, so that suites side by side do not meet: sandboxes share this machine's network.
  await sandbox.fs.uploadFile(
    Buffer.from(`
import http.server, socketserver
class Handler(http.server.BaseHTTPRequestHandler):
    def reply(self):
        body = self.rfile.read(int(self.headers.get('Content-Length') or 0))
        text = f"{self.command} {self.path} {body.decode()} {self.headers.get('X-Mine', '-')}".encode()
        self.send_response(418)
        self.send_header('X-From', 'inside')
        self.send_header('Content-Length', str(len(text)))
        self.end_headers()
        self.wfile.write(text)
    do_GET = do_POST = reply
    def log_message(self, *args): pass
with socketserver.ThreadingTCPServer(('127.0.0.1', 0), Handler) as server:
    open('port', 'w').write(str(server.server_address[1]))
    server.serve_forever()
`),
    'server.py',
  );
  await sandbox.process.executeCommand('nohup python3 server.py >server.log 2>&1 </dev/null &');
  port = await until(async () => Number((await sandbox.process.executeCommand('cat port 2>/dev/null')).result), 'it listens');
});
after(() => world.close());

test('a preview link leads to the server inside, with its token', async () => {
  const link = await sandbox.getPreviewLink(port);
  assert.equal(link.sandboxId, sandbox.id);
  assert.ok(link.token.length > 0);
  const reply = await fetch(`${link.url}/some/path?q=1`, { headers: { 'X-Daytona-Preview-Token': link.token, 'X-Mine': 'yes' } });
  assert.equal(reply.status, 418);
  assert.equal(reply.headers.get('x-from'), 'inside');
  assert.equal(await reply.text(), 'GET /some/path?q=1  yes');
});

test('a body goes through as it is', async () => {
  const link = await sandbox.getPreviewLink(port);
  const reply = await fetch(`${link.url}/`, { method: 'POST', body: 'hello', headers: { 'X-Daytona-Preview-Token': link.token } });
  assert.equal(await reply.text(), 'POST / hello -');
});

test('the token may be in the query', async () => {
  const link = await sandbox.getPreviewLink(port);
  const reply = await fetch(`${link.url}/x?DAYTONA_SANDBOX_AUTH_KEY=${link.token}`);
  assert.equal(reply.status, 418);
});

test('without a token a private one leads to the login page', async () => {
  const link = await sandbox.getPreviewLink(port);
  const reply = await world.request('GET', `${link.url}/`, { key: '' });
  assert.equal(reply.status, 307);
  assert.ok(reply.headers.get('location'));
});

test('a public one needs no token', async () => {
  const open = await daytona.create({ public: true });
  const link = await open.getPreviewLink(port);
  const reply = await world.request('GET', `${link.url}/`, { key: '' });
  assert.equal(reply.status, 418);
  await open.delete();
});

test('a signed link needs nothing else, until it is revoked', async () => {
  const link = await sandbox.getSignedPreviewUrl(port, 60);
  assert.equal(link.port, port);
  assert.equal(link.sandboxId, sandbox.id);
  assert.match(link.token, /^[a-z0-9]{16}$/);
  const reply = await world.request('GET', `${link.url}/signed`, { key: '' });
  assert.equal(reply.status, 418);
  assert.match(await reply.text(), /^GET \/signed/);
  await sandbox.expireSignedPreviewUrl(port, link.token);
  assert.equal((await world.request('GET', `${link.url}/signed`, { key: '' })).status, 307);
});

test('a signed link expires by itself', async () => {
  const link = await sandbox.getSignedPreviewUrl(port, 1);
  await until(async () => (await world.request('GET', `${link.url}/`, { key: '' })).status === 307, 'it has expired');
});

test('refused: a port that is none, and a link that would last for ever', async () => {
  await failsWith(sandbox.getPreviewLink(0), sdk.DaytonaValidationError, { status: 400 });
  await failsWith(sandbox.getPreviewLink(70000), sdk.DaytonaValidationError, { status: 400 });
  await failsWith(sandbox.getSignedPreviewUrl(port, 86401), sdk.DaytonaValidationError, { status: 400 });
});

test('a port where nobody listens is a bad gateway', async () => {
  const link = await sandbox.getPreviewLink(9);
  const reply = await fetch(`${link.url}/`, { headers: { 'X-Daytona-Preview-Token': link.token } });
  assert.equal(reply.status, 502);
});
