// Checkpoints: made, listed, gone back to.
import { after, before, test } from 'node:test';
import { all, assert, collect, failure, until, World } from './world.mjs';

let world, client, sprite, fs;
before(async () => {
  world = await World.open({ restoreMs: 300 });
  client = world.client();
  sprite = await client.createSprite('checked');
  fs = sprite.filesystem('/home/sprite');
});
after(() => world.close());

/** Until the sprite answers again. */
const back = () => until(() => sprite.execFile('true').then(() => true, () => false), 'its return');

test('a checkpoint tells its progress, and its name only in words', async () => {
  await fs.writeFile('state', 'one');
  const events = await all(await sprite.createCheckpoint('first try'));
  assert.deepEqual(events.map((event) => event.type), ['info', 'info', 'complete']);
  assert.equal(events[1].data, 'ID: v1');
  assert.equal(events[2].data, 'Checkpoint v1 created successfully');
  assert.ok(!Number.isNaN(Date.parse(events[2].time)));
});

test('checkpoints are listed with where they come from', async () => {
  await (await sprite.createCheckpoint()).processAll(() => {});
  const list = await sprite.listCheckpoints();
  assert.deepEqual(list.map((checkpoint) => checkpoint.id), ['v1', 'v2', 'Current']);
  assert.equal(list[0].comment, 'first try');
  assert.equal(list[1].sourceId, 'v1');
  assert.deepEqual(list[1].history, ['v1']);
  assert.deepEqual(list[2].history, ['v2', 'v1']);
  assert.equal(list[0].isAuto, false);
  assert.ok(list[0].createTime instanceof Date);
  const later = await sprite.listCheckpoints('v2');
  assert.deepEqual(later.map((checkpoint) => checkpoint.id), ['Current']);
  const found = await sprite.getCheckpoint('v1');
  assert.deepEqual(found, list[0]);
  assert.equal((await sprite.getCheckpoint('Current')).sourceId, 'v2');
  assert.match((await failure(sprite.getCheckpoint('v9'))).message, /not found: v9/);
});

test('going back replaces the files, ends what runs and takes its time', async () => {
  await fs.writeFile('state', 'two');
  await fs.writeFile('younger', 'x');
  const command = sprite.spawn('sh', ['-c', 'echo up; sleep 60'], { maxRunAfterDisconnect: '10m' });
  const seen = collect(command);
  await until(() => seen.stdout === 'up\n', 'the command');
  const stream = await sprite.restoreCheckpoint('v1');
  const types = [];
  let event;
  while ((event = await stream.next()) !== null) types.push(event.type);
  assert.deepEqual(types, ['info', 'complete']);
  assert.equal(await command.wait(), -1);
  const away = await world.request('GET', '/v1/sprites/checked/exec');
  assert.equal(away.status, 502);
  assert.match(await away.text(), /Bad Gateway/);
  assert.equal((await sprite.check()).status, 'unhealthy');
  await back();
  assert.equal(await fs.readFile('state', 'utf8'), 'one');
  assert.equal(await fs.exists('younger'), false);
  assert.deepEqual(await sprite.listSessions(), []);
  const head = await sprite.getCheckpoint('Current');
  assert.deepEqual([head.sourceId, head.history], ['v1', ['v1']]);
});

test('what goes wrong is told under status 200, and the client yields it', async () => {
  await world.misbehave('POST /v1/sprites/{name}/checkpoint', 'checkpoint-error');
  const events = await all(await sprite.createCheckpoint('failing'));
  assert.equal(events.at(-1).type, 'error');
  assert.match(events.at(-1).error, /failed to create checkpoint/);
  assert.equal((await sprite.listCheckpoints()).some((checkpoint) => checkpoint.comment === 'failing'), false);
  const missing = await all(await sprite.restoreCheckpoint('v9'));
  assert.deepEqual(missing.map((event) => event.type), ['info', 'error']);

  await world.misbehave('POST /v1/sprites/{name}/checkpoint', 'checkpoint-silence');
  const silent = await all(await sprite.createCheckpoint('silent'));
  assert.equal(silent.at(-1).type, 'info');
  assert.equal((await sprite.listCheckpoints()).some((checkpoint) => checkpoint.comment === 'silent'), true);
  const stream = await sprite.createCheckpoint('left');
  stream.close();
  assert.equal(await stream.next(), null);
});

test('a sprite that is not there has no checkpoints', async () => {
  const absent = client.sprite('absent');
  assert.match((await failure(absent.createCheckpoint())).message, /status 404/);
  assert.match((await failure(absent.listCheckpoints())).message, /status 404/);
  assert.match((await failure(absent.restoreCheckpoint('v1'))).message, /status 404/);
});
