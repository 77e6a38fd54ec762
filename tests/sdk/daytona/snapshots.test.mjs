import { after, before, test } from 'node:test';
import { assert, failsWith, sdk, until, World } from './world.mjs';

const { Image } = sdk;
let world, daytona, snapshots;
before(async () => {
  world = await World.open();
  daytona = world.daytona;
  snapshots = daytona.snapshot;
});
after(() => world.close());

test('there is one to begin with', async () => {
  const page = await snapshots.list();
  assert.ok(page.total >= 1);
  assert.equal(page.page, 1);
  assert.equal(page.items[0].state, 'active');
});

test('one is made of an image, found by id and by name, and usable', async () => {
  const lines = [];
  const made = await snapshots.create(
    { name: 'mine:1', image: 'debian:12', resources: { cpu: 2, memory: 2, disk: 5 }, entrypoint: ['sleep', 'infinity'] },
    { onLogs: (line) => lines.push(line) },
  );
  assert.equal(made.state, 'active');
  assert.equal(made.imageName, 'debian:12');
  assert.deepEqual([made.cpu, made.mem, made.disk], [2, 2, 5]);
  assert.deepEqual(made.entrypoint, ['sleep', 'infinity']);
  assert.ok(lines.some((line) => line.includes('mine:1')));
  assert.equal((await snapshots.get(made.id)).name, 'mine:1');
  assert.equal((await snapshots.get('mine:1')).id, made.id);
  const sandbox = await daytona.create({ snapshot: 'mine:1' });
  assert.equal(sandbox.cpu, 2);
  await sandbox.delete();
});

test('one is made of a declarative image', async () => {
  const image = Image.base('debian:12').runCommands('echo built');
  const made = await snapshots.create({ name: 'declared', image });
  assert.equal(made.state, 'active');
  assert.equal(made.buildInfo.dockerfileContent, image.dockerfile);
});

test('pages of them are counted', async () => {
  await snapshots.create({ name: 'paged:1', image: 'debian:12' });
  const first = await snapshots.list(1, 1);
  const second = await snapshots.list({ page: 2, limit: 1 });
  assert.equal(first.items.length, 1);
  assert.equal(second.items.length, 1);
  assert.notEqual(first.items[0].id, second.items[0].id);
  assert.equal(first.totalPages, first.total);
});

test('one that is not active gives no sandbox until it is activated', async () => {
  const made = await snapshots.create({ name: 'sleepy', image: 'debian:12' });
  await world.request('POST', `/snapshots/${made.id}/deactivate`);
  await failsWith(daytona.create({ snapshot: 'sleepy' }), sdk.DaytonaValidationError, { status: 400, message: /inactive/ });
  const awake = await snapshots.activate(made);
  assert.equal(awake.name, 'sleepy');
  await until(async () => (await snapshots.get('sleepy')).state === 'active', 'it is active');
  await (await daytona.create({ snapshot: 'sleepy' })).delete();
});

test('one is deleted by its name', async () => {
  await snapshots.create({ name: 'doomed', image: 'debian:12' });
  await snapshots.delete('doomed');
  await until(() => snapshots.get('doomed').then(() => false, (error) => error instanceof sdk.DaytonaNotFoundError), 'it is gone');
  await failsWith(snapshots.delete('doomed'), sdk.DaytonaNotFoundError, { status: 404 });
});

test('refused: a name that is taken', async () => {
  await snapshots.create({ name: 'unique', image: 'debian:12' });
  await failsWith(snapshots.create({ name: 'unique', image: 'debian:12' }), sdk.DaytonaConflictError, { status: 409 });
});
