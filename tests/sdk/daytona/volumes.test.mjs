import { after, before, test } from 'node:test';
import { assert, failsWith, sdk, until, World } from './world.mjs';

let world, daytona, volumes;
before(async () => {
  world = await World.open();
  daytona = world.daytona;
  volumes = daytona.volume;
});
after(() => world.close());

const ready = (name) => until(async () => ((await volumes.get(name)).state === 'ready' ? volumes.get(name) : undefined), 'the volume is ready');

test('a volume is made, becomes usable, is listed and goes', async () => {
  const made = await volumes.create('first');
  assert.match(made.id, /^[0-9a-f-]{36}$/);
  assert.equal(made.name, 'first');
  assert.ok(['pending_create', 'creating', 'ready'].includes(made.state));
  const volume = await ready('first');
  assert.equal(volume.id, made.id);
  assert.ok((await volumes.list()).some((one) => one.id === made.id));
  await volumes.delete(volume);
  await until(async () => !(await volumes.list()).some((one) => one.id === made.id), 'the volume is gone');
});

test('get makes it only when it is asked to', async () => {
  await failsWith(volumes.get('second'), sdk.DaytonaNotFoundError, { status: 404 });
  const made = await volumes.get('second', true);
  assert.equal((await volumes.get('second', true)).id, made.id);
});

test('a name with a blank is a name', async () => {
  const made = await volumes.create('with a blank');
  assert.equal((await volumes.get('with a blank')).id, made.id);
});

test('refused: a name that is taken', async () => {
  await volumes.get('taken', true);
  await failsWith(volumes.create('taken'), sdk.DaytonaValidationError, { status: 400, message: /already exists/ });
});

test('refused: deleting what is in use', async () => {
  await volumes.get('used', true);
  const volume = await ready('used');
  const sandbox = await daytona.create({ volumes: [{ volumeId: 'used', mountPath: '/used' }] });
  assert.equal(sandbox.volumes[0].volumeId, volume.id);
  await failsWith(volumes.delete(volume), sdk.DaytonaConflictError, { status: 409, message: /in use/ });
  await sandbox.delete(60, true);
  await volumes.delete(volume);
});
