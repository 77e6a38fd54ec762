import { after, before, test } from 'node:test';
import { assert, failsWith, sdk, until, World } from './world.mjs';

const { Sandbox } = sdk;
let world;
before(async () => {
  world = await World.open();
});
after(() => world.close());

test('a stopped sandbox that keeps nothing cannot resume', async () => {
  const sandbox = await world.create();
  const { sessionId } = sandbox.currentSession();
  const stopped = await sandbox.stop();
  assert.equal(stopped.status, 'stopped');
  assert.equal(stopped.snapshot, undefined);
  assert.ok(stopped.stoppedAt >= stopped.requestedAt);
  assert.ok(stopped.duration >= 0);
  await sandbox.stop();
  await failsWith(sandbox.runCommand('true'), 400, 'snapshot_not_found');
  const found = await Sandbox.get({ ...world.account, name: sandbox.name });
  assert.equal(found.status, 'stopped');
  assert.equal(found.currentSession().sessionId, sessionId);
  await sandbox.delete();
  await failsWith(Sandbox.get({ ...world.account, name: sandbox.name }), 404, 'not_found', /not found for this project/);
});

test('a persistent sandbox resumes by itself, with its files and a new session', async () => {
  const resumed = [];
  const sandbox = await world.create({ persistent: true, onResume: async (s) => resumed.push(s.status) });
  const first = sandbox.currentSession().sessionId;
  await sandbox.fs.writeFile('kept', 'still here');
  await sandbox.runCommand({ cmd: 'sleep', args: ['60'], detached: true });
  const { snapshot } = await sandbox.stop();
  assert.equal(snapshot.creationMethod, 'automatic');
  assert.equal(sandbox.currentSnapshotId, snapshot.id);
  assert.equal(await sandbox.fs.readFile('kept', 'utf8'), 'still here');
  assert.deepEqual(resumed, ['running']);
  assert.notEqual(sandbox.currentSession().sessionId, first);
  assert.equal(sandbox.sourceSnapshotId, snapshot.id);
  const processes = await sandbox.runCommand('sh', ['-c', 'cat /proc/[0-9]*/comm']);
  assert.doesNotMatch(await processes.stdout(), /sleep/);
  const sessions = await sandbox.listSessions();
  assert.deepEqual((await sessions.toArray()).map((one) => one.status), ['running', 'stopped']);
  await sandbox.delete({ deleteOrphanSnapshots: true });
});

test('get resumes only when asked to', async () => {
  const sandbox = await world.create({ persistent: true });
  await sandbox.stop();
  const account = { ...world.account, name: sandbox.name };
  assert.equal((await Sandbox.get(account)).status, 'stopped');
  assert.equal((await Sandbox.get({ ...account, resume: false })).status, 'stopped');
  let told = 0;
  const awake = await Sandbox.get({ ...account, resume: true, onResume: () => told++ });
  assert.equal(awake.status, 'running');
  assert.equal(told, 1);
  const again = await Sandbox.get({ ...account, resume: true, onResume: () => told++ });
  assert.equal(told, 1);
  assert.equal(again.currentSession().sessionId, awake.currentSession().sessionId);
  await sandbox.delete();
});

test('those who resume together share one session', async () => {
  const sandbox = await world.create({ persistent: true });
  await sandbox.stop();
  const wake = () => Sandbox.get({ ...world.account, name: sandbox.name, resume: true });
  const all = await Promise.all([wake(), wake(), wake()]);
  assert.equal(new Set(all.map((one) => one.currentSession().sessionId)).size, 1);
  await sandbox.delete();
});

test('a sandbox lives as long as it was given, and longer when extended', async () => {
  const brief = await world.create({ timeout: 1000 });
  const long = await world.create({ timeout: 1000 });
  await long.extendTimeout(120_000);
  assert.equal(long.currentSession().timeout, 121_000);
  const statusOf = async (sandbox) => (await Sandbox.get({ ...world.account, name: sandbox.name })).status;
  await until(async () => (await statusOf(brief)) === 'stopped', 'the end of its time');
  assert.equal(await statusOf(long), 'running');
  await failsWith(long.extendTimeout(90_000_000), 400, 'bad_request', /duration/);
  await failsWith(long.extendTimeout(10), 400, 'bad_request', /duration/);
  await Promise.all([brief.delete(), long.delete()]);
});

test('a sandbox is changed', async () => {
  const sandbox = await world.create({ tags: { old: '1' }, ports: [38511], keepLastSnapshots: { count: 3 } });
  const [route] = sandbox.routes;
  await sandbox.update({
    tags: { new: '2' },
    ports: [38511, 38512],
    resources: { vcpus: 4 },
    snapshotExpiration: 0,
    keepLastSnapshots: null,
    persistent: true,
  });
  assert.deepEqual(sandbox.tags, { new: '2' });
  assert.deepEqual([sandbox.vcpus, sandbox.memory], [4, 8192]);
  assert.equal(sandbox.snapshotExpiration, 0);
  assert.equal(sandbox.keepLastSnapshots, undefined);
  assert.equal(sandbox.persistent, true);
  assert.deepEqual(sandbox.routes[0], route);
  assert.match(sandbox.domain(38512), /vercel\.run$/);
  await sandbox.update({ timeout: 600_000 });
  assert.equal(sandbox.timeout, 600_000);
  assert.equal(sandbox.currentSession().timeout, 600_000);
  await sandbox.update({ networkPolicy: 'deny-all' });
  assert.equal(sandbox.networkPolicy, 'deny-all');
  assert.equal(sandbox.currentSession().networkPolicy, 'deny-all');
  await failsWith(sandbox.update({ ports: [1] }), 400, 'bad_request', /ports/);
  await sandbox.delete();
});

test('one session is looked at without its sandbox', async () => {
  const sandbox = await world.create();
  const session = sandbox.currentSession();
  assert.equal(session.status, 'running');
  assert.equal((await session.runCommand('echo', ['direct'])).exitCode, 0);
  await session.writeFiles([{ path: 'direct', content: 'yes' }]);
  assert.equal(String(await session.readFileToBuffer({ path: 'direct' })), 'yes');
  await session.mkDir('direct-dir');
  await session.update({ networkPolicy: 'allow-all' });
  assert.equal(session.networkPolicy, 'allow-all');
  await session.extendTimeout(1000);
  assert.equal(session.timeout, 301_000);
  const { session: ended } = await session.stop();
  assert.equal(ended.status, 'stopped');
  await failsWith(session.runCommand('true'), 410, 'sandbox_stopped');
  await sandbox.delete();
});

test('lists come in pages, in order, and filtered', async () => {
  const account = { ...world.accountOf('team_suite', 'prj_lists') };
  const made = [];
  for (const name of ['list-a', 'list-b', 'list-c', 'other']) {
    made.push(await Sandbox.create({ ...account, name, persistent: false, tags: { kind: name.slice(0, 4) } }));
  }
  const names = async (options) => (await (await Sandbox.list({ ...account, ...options })).toArray()).map((one) => one.name);
  assert.deepEqual(await names({}), ['other', 'list-c', 'list-b', 'list-a']);
  assert.deepEqual(await names({ sortOrder: 'asc', limit: 1 }), ['list-a', 'list-b', 'list-c', 'other']);
  assert.deepEqual(await names({ sortBy: 'name', namePrefix: 'list-', sortOrder: 'asc', limit: 2 }), [
    'list-a',
    'list-b',
    'list-c',
  ]);
  assert.deepEqual(await names({ tags: { kind: 'othe' } }), ['other']);
  const first = await Sandbox.list({ ...account, limit: 3 });
  assert.equal(first.sandboxes.length, 3);
  assert.equal(first.pagination.count, 3);
  const rest = await Sandbox.list({ ...account, limit: 3, cursor: first.pagination.next });
  assert.deepEqual(rest.sandboxes.map((one) => one.name), ['list-a']);
  assert.equal(rest.pagination.next, null);
  await failsWith(Sandbox.list({ ...account, namePrefix: 'x' }), 400, 'bad_request', /namePrefix/);
  await failsWith(Sandbox.list({ ...account, limit: 51 }), 400, 'bad_request', /limit/);
  await Promise.all(made.map((one) => one.delete()));
  assert.deepEqual(await names({}), []);
});

test('a sandbox is left in order at the end of its scope', async () => {
  const sandbox = await world.create();
  await sandbox[Symbol.asyncDispose]();
  assert.equal((await Sandbox.get({ ...world.account, name: sandbox.name })).status, 'stopped');
  await sandbox.delete();
});
