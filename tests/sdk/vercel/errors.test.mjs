import { after, before, test } from 'node:test';
import { assert, failsWith, sdk, World } from './world.mjs';

const { Sandbox } = sdk;
let world;
before(async () => {
  world = await World.open({ token: 'the_right_one', stopMs: 300 });
});
after(() => world.close());

const mine = (token = 'the_right_one') => world.accountOf('team_suite', 'prj_suite', token);

test('a wrong token is told apart from everything else', async () => {
  const error = await failsWith(Sandbox.list(mine('wrong')), 403, 'forbidden', /Not authorized/);
  assert.equal(error.json.error.invalidToken, true);
  const none = await world.request('GET', '/v2/sandboxes?project=p', { token: '' });
  assert.equal(none.status, 403);
});

test('one team does not see what another has', async () => {
  const sandbox = await Sandbox.create({ ...mine(), name: 'private', persistent: false });
  const theirs = world.accountOf('team_other', 'prj_suite', 'the_right_one');
  await failsWith(Sandbox.get({ ...theirs, name: 'private' }), 404, 'not_found');
  assert.equal((await Sandbox.list(theirs)).sandboxes.length, 0);
  const path = `/v2/sandboxes/sessions/${sandbox.currentSession().sessionId}`;
  const refused = await world.request('GET', `${path}?teamId=team_other`, { token: 'the_right_one' });
  assert.equal(refused.status, 404);
  await sandbox.delete();
});

test('what the emulator does not know it refuses by name', async () => {
  const ask = async (method, path, body) => {
    const reply = await world.request(method, path, { token: 'the_right_one', body });
    return [reply.status, (await reply.json()).error];
  };
  const [missing, route] = await ask('GET', '/v2/somewhere/else');
  assert.equal(missing, 404);
  assert.equal(route.code, 'not_found');
  assert.match(route.message, /\/v2\/somewhere\/else/);
  assert.equal((await ask('PUT', '/v2/sandboxes'))[0], 405);
  const [status, query] = await ask('GET', '/v2/sandboxes?project=p&flavour=mint');
  assert.equal(status, 400);
  assert.match(query.message, /flavour/);
  const [, field] = await ask('POST', '/v3/sandboxes', { projectId: 'p', flavour: 'mint' });
  assert.match(field.message, /flavour/);
  const [, broken] = await ask('POST', '/v3/sandboxes', '{"projectId":');
  assert.match(broken.message, /JSON/);
  const [, runtime] = await ask('POST', '/v3/sandboxes', { projectId: 'p', runtime: 'node22' });
  assert.match(runtime.message, /runtime/);
});

test('the client tries again what a server could not do, and no more than twice', async () => {
  await world.strike({ route: 'GET .*/v2/sandboxes', action: 'status', status: 503, count: 2 });
  const twice = await world.requestsOf(() => Sandbox.list(mine()));
  assert.equal(twice.routes.length, 3);
  await world.strike({ route: 'GET .*/v2/sandboxes', action: 'status', status: 500, count: 3 });
  const thrice = await world.requestsOf(() => failsWith(Sandbox.list(mine()), 500, 'internal_server_error'));
  assert.equal(thrice.routes.length, 3);
});

test('a limit with a long wait is an error at once, one with a short wait is waited for', async () => {
  const limit = { route: 'GET .*/v2/sandboxes', action: 'status', status: 429, retryAfter: 'seconds' };
  await world.strike({ ...limit, retryAfterSeconds: 21 });
  const long = await world.requestsOf(() => assert.rejects(Sandbox.list(mine())));
  assert.equal(long.routes.length, 1);
  await world.strike({ ...limit, retryAfterSeconds: 1 });
  const short = await world.requestsOf(() => Sandbox.list(mine()));
  assert.equal(short.routes.length, 2);
});

test('a lost reply to a create leaves the sandbox, and its second try says so', async () => {
  await world.strike({ route: 'POST .*/v3/sandboxes', action: 'loseReply' });
  const error = await failsWith(Sandbox.create({ ...mine(), name: 'twice-asked' }), 400, 'bad_request', /already exists/);
  assert.ok(error);
  const found = await Sandbox.get({ ...mine(), name: 'twice-asked' });
  assert.equal(found.status, 'running');
  await found.delete();
});

test('a command at a sandbox that is stopping goes to the next session', async () => {
  const sandbox = await Sandbox.create({ ...mine(), persistent: true });
  const first = sandbox.currentSession().sessionId;
  await world.strike({ route: 'POST .*/cmd', action: 'disturb', state: 'stopping' });
  const { result, routes } = await world.requestsOf(() => sandbox.runCommand('echo', ['anyway']));
  assert.equal(await result.stdout(), 'anyway\n');
  assert.notEqual(sandbox.currentSession().sessionId, first);
  assert.equal(routes.length, 3);
  await world.strike({ route: 'POST .*/cmd', action: 'disturb', state: 'snapshotting' });
  assert.equal((await sandbox.runCommand('true')).exitCode, 0);
  await sandbox.delete({ deleteOrphanSnapshots: true });
});

test('a sandbox that vanished is not found', async () => {
  const sandbox = await Sandbox.create({ ...mine(), persistent: true });
  await world.strike({ route: 'POST .*/cmd', action: 'disturb', state: 'gone' });
  await failsWith(sandbox.runCommand('true'), 404, 'not_found', /not found/);
  assert.deepEqual((await world.ledger()).living, []);
});

test('a reply that is cut in the middle is an error of its own', async () => {
  const sandbox = await Sandbox.create({ ...mine(), persistent: false });
  await world.strike({ route: 'POST .*/cmd', action: 'cutBody', bytes: 250 });
  await assert.rejects(sandbox.runCommand('sh', ['-c', 'for i in 1 2 3 4 5 6 7 8 9; do echo line $i; done']));
  await sandbox.delete();
});

test('a list may be older than what it lists', async () => {
  const account = world.accountOf('team_suite', 'prj_stale', 'the_right_one');
  const sandbox = await Sandbox.create({ ...account, name: 'fresh', persistent: false });
  await world.strike({ route: 'GET .*/v2/sandboxes', action: 'stale' });
  assert.equal((await Sandbox.list(account)).sandboxes.length, 0);
  assert.equal((await Sandbox.list(account)).sandboxes.length, 1);
  await sandbox.delete();
});

test('every answer tells how many requests are left', async () => {
  const reply = await world.request('GET', '/api/v2/sandboxes?project=p', { token: 'the_right_one' });
  assert.equal(reply.headers.get('x-ratelimit-limit'), '1000');
  assert.ok(Number(reply.headers.get('x-ratelimit-remaining')) < 1000);
  assert.ok(Number(reply.headers.get('x-ratelimit-reset')) * 1000 > Date.now() - 1000);
  assert.match(reply.headers.get('content-type'), /^application\/json/);
  assert.ok(reply.headers.get('x-vercel-id'));
});
