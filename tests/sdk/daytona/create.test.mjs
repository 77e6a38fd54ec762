import { after, before, test } from 'node:test';
import { assert, failsWith, sdk, until, World } from './world.mjs';

const { Image } = sdk;
let world, daytona;
before(async () => {
  world = await World.open();
  daytona = world.daytona;
});
after(() => world.close());

test('without parameters everything has its documented default', async () => {
  const sandbox = await daytona.create();
  assert.match(sandbox.id, /^[0-9a-f-]{36}$/);
  assert.ok(sandbox.name.length > 0);
  assert.equal(sandbox.state, 'started');
  assert.equal(sandbox.desiredState, 'started');
  assert.equal(sandbox.user, 'daytona');
  assert.equal(sandbox.public, false);
  assert.equal(sandbox.autoStopInterval, 15);
  assert.equal(sandbox.autoArchiveInterval, 10080);
  assert.equal(sandbox.autoDeleteInterval, -1);
  assert.equal(sandbox.networkBlockAll, false);
  assert.deepEqual([sandbox.cpu, sandbox.memory, sandbox.disk, sandbox.gpu], [1, 1, 3, 0]);
  assert.deepEqual(sandbox.labels, { 'code-toolbox-language': 'python' });
  assert.deepEqual(sandbox.env, {});
  assert.ok(sandbox.snapshot.length > 0);
  assert.ok(sandbox.organizationId.length > 0);
  assert.ok(!Number.isNaN(Date.parse(sandbox.createdAt)));
  assert.ok(sandbox.toolboxProxyUrl.startsWith(world.emulator.url));
  await sandbox.delete();
});

test('what is asked for is what there is', async () => {
  const sandbox = await daytona.create({
    name: 'all-of-it',
    user: 'root',
    language: 'javascript',
    envVars: { COLOUR: 'blue', EMPTY: '' },
    labels: { job: '7f3a', stage: 'two words' },
    public: true,
    autoStopInterval: 30,
    autoArchiveInterval: 60,
    autoDeleteInterval: 120,
  });
  assert.equal(sandbox.name, 'all-of-it');
  assert.equal(sandbox.user, 'root');
  assert.equal(sandbox.public, true);
  assert.deepEqual(sandbox.env, { COLOUR: 'blue', EMPTY: '' });
  assert.deepEqual(sandbox.labels, { job: '7f3a', stage: 'two words', 'code-toolbox-language': 'javascript' });
  assert.equal(sandbox.autoStopInterval, 30);
  assert.equal(sandbox.autoArchiveInterval, 60);
  assert.equal(sandbox.autoDeleteInterval, 120);
  const { result } = await sandbox.process.executeCommand('printf "%s|%s" "$COLOUR" "${EMPTY-unset}"');
  assert.equal(result, 'blue|');
  await sandbox.delete();
});

test('an ephemeral sandbox ends when it is stopped, and frees its name at once', async () => {
  const sandbox = await daytona.create({ name: 'fleeting', ephemeral: true });
  assert.equal(sandbox.autoDeleteInterval, 0);
  await sandbox.stop();
  assert.ok(['destroyed', 'destroying'].includes(sandbox.state), sandbox.state);
  await failsWith(daytona.get('fleeting'), sdk.DaytonaNotFoundError, { status: 404 });
  const next = await daytona.create({ name: 'fleeting' });
  assert.notEqual(next.id, sandbox.id);
  await next.delete();
});

test('a plain image becomes a build, with resources of its own', async () => {
  const sandbox = await daytona.create({ image: 'debian:12', resources: { cpu: 2, memory: 4, disk: 8 } });
  assert.equal(sandbox.state, 'started');
  assert.deepEqual([sandbox.cpu, sandbox.memory, sandbox.disk], [2, 4, 8]);
  assert.equal(sandbox.buildInfo.dockerfileContent, 'FROM debian:12\n');
  await sandbox.delete();
});

test('a declarative image arrives as its Dockerfile', async () => {
  const image = Image.debianSlim('3.12').pipInstall(['requests']).workdir('/workspace').env({ STAGE: 'build' });
  const logs = [];
  const sandbox = await daytona.create({ image }, { timeout: 60, onSnapshotCreateLogs: (line) => logs.push(line) });
  assert.equal(sandbox.state, 'started');
  assert.equal(sandbox.buildInfo.dockerfileContent, image.dockerfile);
  assert.match(image.dockerfile, /pip install/);
  await sandbox.delete();
});

test('a named snapshot is what it is made from', async () => {
  const { items } = await daytona.snapshot.list();
  const sandbox = await daytona.create({ snapshot: items[0].name });
  assert.equal(sandbox.snapshot, items[0].name);
  await sandbox.delete();
});

test('volumes are mounted where they were asked for, and shared', async () => {
  const volume = await daytona.volume.get('shared-data', true);
  await until(async () => (await daytona.volume.get('shared-data')).state === 'ready', 'the volume is ready');
  const mounts = [{ volumeId: volume.id, mountPath: '/data' }];
  const writer = await daytona.create({ volumes: mounts });
  assert.deepEqual(writer.volumes, mounts);
  assert.equal((await writer.process.executeCommand('echo kept > /data/note')).exitCode, 0);
  await writer.delete(60, true);
  const reader = await daytona.create({ volumes: [{ volumeId: volume.id, mountPath: '/elsewhere' }] });
  assert.equal((await reader.process.executeCommand('cat /elsewhere/note')).result, 'kept\n');
  await reader.delete(60, true);
});

test('a network list is kept, and blocking it really blocks', async () => {
  const listed = await daytona.create({ networkAllowList: '10.0.0.0/8,192.168.1.0/24' });
  assert.equal(listed.networkAllowList, '10.0.0.0/8,192.168.1.0/24');
  await listed.delete();
  const blocked = await daytona.create({ networkBlockAll: true });
  assert.equal(blocked.networkBlockAll, true);
  const { result } = await blocked.process.executeCommand('ls /sys/class/net 2>/dev/null; cat /proc/net/dev');
  assert.doesNotMatch(result, /eth0/);
  await blocked.delete();
});

test('a name is taken once', async () => {
  const first = await daytona.create({ name: 'only-one' });
  await failsWith(daytona.create({ name: 'only-one' }), sdk.DaytonaConflictError, {
    status: 409,
    message: /already exists/,
  });
  await first.delete();
});

test('a hundred labels and an odd name of them survive', async () => {
  const labels = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`key-${i}`, `wert ä ${i}`]));
  const sandbox = await daytona.create({ labels: { ...labels } });
  const again = await daytona.get(sandbox.id);
  assert.deepEqual(again.labels, { ...labels, 'code-toolbox-language': 'python' });
  await sandbox.delete();
});

for (const [what, parameters, Class] of [
  ['an unknown language', { language: 'cobol' }, sdk.DaytonaInvalidArgumentError],
  ['a negative interval', { autoStopInterval: -1 }, sdk.DaytonaInvalidArgumentError],
  ['half a minute', { autoArchiveInterval: 0.5 }, sdk.DaytonaInvalidArgumentError],
  ['ephemeral with auto-pause', { ephemeral: true, autoPauseInterval: 5 }, sdk.DaytonaInvalidArgumentError],
  ['a snapshot that nobody has', { snapshot: 'nowhere:1' }, sdk.DaytonaValidationError],
  ['a volume that nobody has', { volumes: [{ volumeId: 'nobodys', mountPath: '/v' }] }, sdk.DaytonaNotFoundError],
  ['resources beside a snapshot', { snapshot: undefined, resources: { cpu: 2 } }, sdk.DaytonaValidationError],
]) {
  test(`refused: ${what}`, () => failsWith(daytona.create(parameters), Class));
}

test('refused: a mount over the system', async () => {
  const volume = await daytona.volume.get('shared-data', true);
  const volumes = [{ volumeId: volume.id, mountPath: '/etc' }];
  await failsWith(daytona.create({ volumes }), sdk.DaytonaValidationError, { status: 400 });
});

test('refused by name: a field that Daytona does not have, and one of the wrong type', async () => {
  const unknown = await world.request('POST', '/sandbox', { body: { colour: 'blue' } });
  assert.equal(unknown.status, 400);
  assert.match((await unknown.json()).message, /colour/);
  const mistyped = await world.request('POST', '/sandbox', { body: { autoStopInterval: 'soon' } });
  assert.equal(mistyped.status, 400);
  assert.match((await mistyped.json()).message, /autoStopInterval/);
});
