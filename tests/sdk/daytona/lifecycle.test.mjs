import { after, before, test } from 'node:test';
import { assert, failsWith, sdk, until, World } from './world.mjs';

let world, daytona;
before(async () => {
  world = await World.open();
  daytona = world.daytona;
});
after(() => world.close());

test('get finds by id and by name', async () => {
  const made = await daytona.create({ name: 'findable' });
  const byName = await daytona.get('findable');
  const byId = await daytona.get(made.id);
  assert.equal(byName.id, made.id);
  assert.equal(byId.name, 'findable');
  assert.deepEqual(byId.env, {});
  await made.delete();
});

test('list pages through what the filters leave, and tells no environment', async () => {
  const made = [];
  for (let i = 0; i < 5; i++) made.push(await daytona.create({ name: `paged-${i}`, labels: { of: 'paging' }, envVars: { A: 'b' } }));
  const other = await daytona.create({ name: 'paged-other', labels: { of: 'else' } });
  const listed = [];
  for await (const sandbox of daytona.list({ limit: 2, labels: { of: 'paging' }, sort: 'createdAt', order: 'asc' })) {
    listed.push(sandbox);
  }
  assert.deepEqual(listed.map((one) => one.name), made.map((one) => one.name));
  assert.ok(listed.every((one) => one.env === undefined && one.state === 'started'));
  const reversed = [];
  for await (const sandbox of daytona.list({ name: 'PAGED-', sort: 'name', order: 'desc', states: ['started'] })) {
    reversed.push(sandbox.name);
  }
  assert.deepEqual(reversed, ['paged-other', 'paged-4', 'paged-3', 'paged-2', 'paged-1', 'paged-0']);
  for await (const sandbox of daytona.list({ states: ['archived'] })) assert.fail(`${sandbox.id} is not archived`);
  for (const sandbox of [...made, other]) await sandbox.delete();
});

test('refused: a page that is no page', async () => {
  await failsWith(daytona.list({ limit: 0 }).next(), sdk.DaytonaValidationError, { status: 400 });
  await failsWith(daytona.list({ limit: 201 }).next(), sdk.DaytonaValidationError, { status: 400 });
  assert.equal((await world.request('GET', '/sandbox?cursor=nonsense')).status, 400);
  assert.equal((await world.request('GET', '/sandbox?labels=nonsense')).status, 400);
});

test('files outlive a stop, processes do not', async () => {
  const sandbox = await daytona.create();
  await sandbox.fs.uploadFile(Buffer.from('still here'), 'note.txt');
  await sandbox.process.executeCommand('sleep 1000 >/dev/null 2>&1 </dev/null &');
  await daytona.stop(sandbox);
  assert.equal(sandbox.state, 'stopped');
  await sandbox.waitUntilStopped();
  await daytona.start(sandbox);
  assert.equal(sandbox.state, 'started');
  await sandbox.waitUntilStarted();
  assert.equal((await sandbox.fs.downloadFile('note.txt')).toString(), 'still here');
  const { result } = await sandbox.process.executeCommand('pgrep -x sleep | wc -l');
  assert.equal(result.trim(), '0');
  await sandbox.delete();
});

test('starting a started one is fine; stopping a stopped one is not', async () => {
  const sandbox = await daytona.create();
  await sandbox.start();
  assert.equal(sandbox.state, 'started');
  await sandbox.stop(60, true);
  await failsWith(sandbox.stop(), sdk.DaytonaValidationError, { status: 400 });
  await sandbox.delete();
});

test('a stopped one can be archived, and comes back with its files', async () => {
  const sandbox = await daytona.create();
  await failsWith(sandbox.archive(), sdk.DaytonaValidationError, { status: 400 });
  await sandbox.fs.uploadFile(Buffer.from('packed'), 'note.txt');
  await sandbox.stop();
  await sandbox.archive();
  await until(async () => {
    await sandbox.refreshData();
    return sandbox.state === 'archived';
  }, 'it is archived');
  await sandbox.start();
  assert.equal((await sandbox.fs.downloadFile('note.txt')).toString(), 'packed');
  await sandbox.delete();
});

test('an ephemeral one cannot be archived', async () => {
  const sandbox = await daytona.create({ ephemeral: true });
  await failsWith(sandbox.archive(), sdk.DaytonaValidationError, { status: 400 });
  await sandbox.delete();
});

test('nothing but what failed recoverably can be recovered', async () => {
  const sandbox = await daytona.create();
  await failsWith(sandbox.recover(), sdk.DaytonaValidationError, { status: 400 });
  await sandbox.delete();
});

test('deleting waits when it is asked to, and proves the absence', async () => {
  const sandbox = await daytona.create({ name: 'short-lived' });
  await daytona.delete(sandbox, 60, true);
  assert.equal(sandbox.state, 'destroyed');
  await failsWith(daytona.get(sandbox.id), sdk.DaytonaNotFoundError, {
    status: 404,
    message: new RegExp(`Sandbox with ID or name ${sandbox.id} not found`),
  });
  await failsWith(sandbox.delete(), sdk.DaytonaNotFoundError, { status: 404 });
});

test('labels are replaced whole', async () => {
  const sandbox = await daytona.create({ labels: { a: '1' } });
  assert.deepEqual(await sandbox.setLabels({ b: '2', c: '3' }), { b: '2', c: '3' });
  assert.deepEqual((await daytona.get(sandbox.id)).labels, { b: '2', c: '3' });
  await sandbox.delete();
});

test('intervals can be changed, within their rules', async () => {
  const sandbox = await daytona.create();
  await sandbox.setAutostopInterval(45);
  await sandbox.setAutoArchiveInterval(90);
  await sandbox.setAutoDeleteInterval(180);
  await sandbox.refreshData();
  assert.equal(sandbox.autoStopInterval, 45);
  assert.equal(sandbox.autoArchiveInterval, 90);
  assert.equal(sandbox.autoDeleteInterval, 180);
  await sandbox.setAutostopInterval(0);
  await sandbox.setAutoArchiveInterval(0);
  await sandbox.setAutoDeleteInterval(-1);
  await sandbox.refreshData();
  assert.equal(sandbox.autoStopInterval, 0);
  assert.equal(sandbox.autoArchiveInterval, 43200);
  assert.equal(sandbox.autoDeleteInterval, -1);
  await failsWith(sandbox.setAutostopInterval(-5), sdk.DaytonaInvalidArgumentError);
  await sandbox.delete();
});

test('network settings and activity can be updated', async () => {
  const sandbox = await daytona.create();
  await sandbox.updateNetworkSettings({ networkAllowList: '10.0.0.0/8' });
  assert.equal(sandbox.networkAllowList, '10.0.0.0/8');
  await sandbox.refreshActivity();
  await failsWith(sandbox.updateNetworkSettings({}), sdk.DaytonaInvalidArgumentError);
  await sandbox.delete();
});

test('a handle sees what another one did', async () => {
  const mine = await daytona.create();
  const theirs = await world.client().get(mine.id);
  await theirs.setLabels({ seen: 'yes' });
  await theirs.stop();
  await mine.refreshData();
  assert.equal(mine.state, 'stopped');
  assert.deepEqual(mine.labels, { seen: 'yes' });
  await mine.delete();
});

test('many at once do not get in each other\'s way', async () => {
  const made = await Promise.all(Array.from({ length: 6 }, (_, i) => daytona.create({ name: `crowd-${i}` })));
  assert.equal(new Set(made.map((one) => one.id)).size, 6);
  const outputs = await Promise.all(made.map((one) => one.process.executeCommand(`echo ${one.name} > me; sleep 0.05; cat me`)));
  assert.deepEqual(outputs.map((one) => one.result.trim()), made.map((one) => one.name));
  await Promise.all(made.map((one) => one.delete(60, true)));
});
