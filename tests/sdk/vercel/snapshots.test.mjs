import { after, before, test } from 'node:test';
import { assert, failsWith, sdk, World } from './world.mjs';

const { Drive, Sandbox, Snapshot } = sdk;
let world;
before(async () => {
  world = await World.open();
});
after(() => world.close());

const day = 86_400_000;

test('a snapshot ends its session and is where others begin', async () => {
  const sandbox = await world.create({ name: 'photographed' });
  await sandbox.fs.writeFile('state', 'as it was');
  await sandbox.runCommand('sh', ['-c', 'chmod 640 state; ln -s state alias; mkdir -p a/b']);
  const snapshot = await sandbox.snapshot({ expiration: day });
  assert.match(snapshot.snapshotId, /^snap_\w{28}$/);
  assert.equal(snapshot.status, 'created');
  assert.ok(snapshot.sizeBytes > 0);
  assert.equal(snapshot.expiresAt - snapshot.createdAt, day);
  assert.equal(sandbox.status, 'stopped');
  const source = { type: 'snapshot', snapshotId: snapshot.snapshotId };
  const [one, two] = await Promise.all([world.create({ source }), world.create({ source })]);
  assert.equal(await one.fs.readFile('alias', 'utf8'), 'as it was');
  assert.equal((await one.fs.stat('state')).mode & 0o777, 0o640);
  assert.equal(one.sourceSnapshotId, snapshot.snapshotId);
  await one.fs.writeFile('state', 'changed');
  assert.equal(await two.fs.readFile('state', 'utf8'), 'as it was');
  const found = await Snapshot.get({ ...world.account, snapshotId: snapshot.snapshotId });
  assert.equal(found.snapshotId, snapshot.snapshotId);
  await found.delete();
  assert.equal(found.status, 'deleted');
  await failsWith(world.create({ source }), 410, 'snapshot_not_found');
  await failsWith(sandbox.snapshot(), 400, 'snapshot_not_found');
  await Promise.all([sandbox.delete(), one.delete(), two.delete()]);
});

test('an expiry must be none or a day', async () => {
  const sandbox = await world.create();
  await failsWith(sandbox.snapshot({ expiration: 1000 }), 400, 'bad_request', /expiration/);
  const forever = await sandbox.snapshot({ expiration: 0 });
  assert.equal(forever.expiresAt, undefined);
  await sandbox.delete();
});

test('snapshots are listed, counted and let go', async () => {
  const sandbox = await world.create({ name: 'series', persistent: true, keepLastSnapshots: { count: 2 } });
  const ids = [];
  for (let i = 0; i < 3; i++) {
    await sandbox.fs.writeFile('turn', String(i));
    ids.push((await sandbox.stop()).snapshot.id);
  }
  const listed = await (await sandbox.listSnapshots()).toArray();
  assert.deepEqual(listed.map((one) => one.id), [ids[2], ids[1]]);
  const all = await (await Snapshot.list({ ...world.account, name: 'series', limit: 1 })).toArray();
  assert.deepEqual(all.map((one) => one.id), [ids[2], ids[1]]);
  const ancestors = await (await Snapshot.tree({ ...world.account, snapshotId: ids[2], sortOrder: 'desc' })).toArray();
  assert.deepEqual(ancestors.map((node) => node.snapshot.id), [ids[1], ids[0]]);
  const descendants = await Snapshot.tree({ ...world.account, snapshotId: ids[0], sortOrder: 'asc' });
  assert.deepEqual(descendants.snapshots.map((node) => node.snapshot.id), [ids[1], ids[2]]);
  assert.equal(descendants.anchor.snapshot.id, ids[0]);
  await sandbox.update({ currentSnapshotId: ids[1] });
  assert.equal(await sandbox.fs.readFile('turn', 'utf8'), '1');
  await sandbox.delete({ deleteOrphanSnapshots: true });
  assert.equal((await Snapshot.list({ ...world.account, name: 'series' })).snapshots.length, 0);
});

test('a fork has the files of its source and its own life', async () => {
  const source = await world.create({ name: 'trunk', persistent: true, tags: { kind: 'trunk' }, env: { LEAF: 'green' } });
  await source.fs.writeFile('wood', 'oak');
  await source.stop();
  const fork = await Sandbox.fork({ ...world.account, sourceSandbox: 'trunk', name: 'branch', tags: { kind: 'branch' } });
  assert.equal(fork.name, 'branch');
  assert.deepEqual(fork.tags, { kind: 'branch' });
  assert.equal(await fork.fs.readFile('wood', 'utf8'), 'oak');
  assert.equal(await (await fork.runCommand('printenv', ['LEAF'])).stdout(), 'green\n');
  await fork.fs.writeFile('wood', 'ash');
  assert.equal(await source.fs.readFile('wood', 'utf8'), 'oak');
  await failsWith(Sandbox.fork({ ...world.account, sourceSandbox: 'nobody' }), 404, 'not_found');
  await Promise.all([source.delete(), fork.delete()]);
});

test('a sandbox whose snapshot is lost is made anew', async () => {
  const options = { ...world.account, name: 'phoenix', persistent: true, resume: true };
  const sandbox = await Sandbox.getOrCreate(options);
  const { snapshot } = await sandbox.stop();
  await (await Snapshot.get({ ...world.account, snapshotId: snapshot.id })).delete();
  let made = 0;
  const again = await Sandbox.getOrCreate({ ...options, onCreate: () => made++ });
  assert.equal(made, 1);
  assert.equal(again.status, 'running');
  await again.delete();
});

test('a drive is made once, mounted, kept and deleted', async () => {
  const drive = await Drive.getOrCreate({ ...world.account, name: 'suite-drive', maxSize: 1 << 20 });
  assert.equal(drive.name, 'suite-drive');
  assert.equal(drive.maxSize, 1 << 20);
  assert.equal(drive.region, 'iad1');
  const same = await Drive.getOrCreate({ ...world.account, name: 'suite-drive' });
  assert.equal(same.driveId, drive.driveId);
  await failsWith(Drive.getOrCreate({ ...world.account, name: 'suite-drive', maxSize: 5 }), 409, 'conflict');
  await failsWith(world.create({ mounts: { '/data': drive.snapshot() } }), 409, 'drive_not_initialized');
  await failsWith(world.create({ mounts: { '/data': drive }, region: 'fra1' }), 409, 'drive_region_mismatch');
  const writer = await world.create({ mounts: { '/data': drive, '/vercel/data': { drive: 'none', mode: 'snapshot' } } }).catch(
    (error) => error,
  );
  assert.equal(writer.response.status, 404);

  const sandbox = await world.create({ mounts: { '/data': drive } });
  assert.deepEqual(sandbox.mounts, { '/data': { drive: 'suite-drive', mode: 'read-write' } });
  await sandbox.runCommand('sh', ['-c', 'echo kept > /data/file']);
  const held = await Drive.getOrCreate({ ...world.account, name: 'suite-drive' });
  assert.equal(held.currentSandboxName, sandbox.name);
  assert.equal(held.currentSessionId, sandbox.currentSession().sessionId);
  await failsWith(world.create({ mounts: { '/data': drive } }), 409, 'conflict');
  await failsWith(drive.delete(), 409, 'conflict');
  await sandbox.delete();

  const reader = await world.create({ mounts: { '/data': drive.snapshot() } });
  assert.equal(await reader.fs.readFile('/data/file', 'utf8'), 'kept\n');
  assert.notEqual((await reader.runCommand('touch', ['/data/more'])).exitCode, 0);
  await reader.delete();

  await Drive.getOrCreate({ ...world.account, name: 'suite-other' });
  const listed = await Drive.list({ ...world.account, sortBy: 'name', sortOrder: 'asc', namePrefix: 'suite-', limit: 1 });
  assert.deepEqual((await listed.toArray()).map((one) => one.name), ['suite-drive', 'suite-other']);
  await drive.delete();
  await failsWith(drive.delete(), 404, 'not_found');
});
