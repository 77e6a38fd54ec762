// What goes wrong on the way, and what the client makes of it.
import { after, before, test } from 'node:test';
import { assert, failsWith, failure, World } from './world.mjs';

let world, client;
before(async () => {
  world = await World.open();
  client = world.client();
});
after(() => world.close());

test('a reply that is lost is an error, though the work was done', async () => {
  await world.strike({ route: 'POST /v1/sprites', action: 'loseReply' });
  assert.match((await failure(client.createSprite('lost'))).message, /^Network error: /);
  assert.equal((await client.getSprite('lost')).name, 'lost');
  await failsWith(client.createSprite('lost'), 409, 'sprite "lost" already exists');
  await world.strike({ route: 'DELETE /v1/sprites/\\{name\\}', action: 'loseReply' });
  assert.match((await failure(client.deleteSprite('lost'))).message, /^Network error: /);
  await failsWith(client.getSprite('lost'), 404, 'sprite not found');
});

test('a reset connection is an error, and nothing was done', async () => {
  await world.strike({ route: 'POST /v1/sprites', action: 'reset' });
  assert.match((await failure(client.createSprite('reset'))).message, /^Network error: /);
  await failsWith(client.getSprite('reset'), 404, 'sprite not found');
});

test('the client does not try again by itself', async () => {
  await world.strike({ route: 'GET /v1/sprites', action: 'status', status: 503, retryAfter: 'seconds', retryAfterSeconds: 1 });
  const { result, requests } = await world.costOf(() => failure(client.listSprites()));
  assert.equal(requests, 1);
  assert.equal(result.statusCode, 503);
  assert.equal(result.getRetryAfterSeconds(), 1);
});

test('replies that are cut short or no JSON are errors', async () => {
  await client.createSprite('cut');
  await world.strike({ route: 'GET /v1/sprites/\\{name\\}', action: 'cutBody', bytes: 10 });
  assert.ok((await failure(client.getSprite('cut'))) instanceof TypeError);
  await world.strike({ route: 'GET /v1/sprites/\\{name\\}', action: 'wrongJson' });
  assert.ok((await failure(client.getSprite('cut'))) instanceof SyntaxError);
  await world.strike({ route: 'GET /v1/sprites/\\{name\\}', action: 'delay', latencyMs: 50 });
  assert.equal((await client.getSprite('cut')).name, 'cut');
  await client.deleteSprite('cut');
});

test('half a file is an error', async () => {
  const sprite = await client.createSprite('half');
  const fs = sprite.filesystem('/home/sprite');
  await fs.writeFile('whole', 'x'.repeat(10_000));
  await world.strike({ route: 'GET /v1/sprites/\\{name\\}/fs/read', action: 'cutBody', bytes: 5_000 });
  assert.ok((await failure(fs.readFile('whole'))) instanceof TypeError);
  await world.strike({ route: 'PUT /v1/sprites/\\{name\\}/fs/write', action: 'loseReply' });
  assert.ok((await failure(fs.writeFile('done', 'yes'))) instanceof TypeError);
  assert.equal(await fs.readFile('done', 'utf8'), 'yes');
  await sprite.delete();
});

test('an outdated list', async () => {
  await client.createSprite('first');
  await client.createSprite('second');
  await client.deleteSprite('first');
  await world.strike({ route: 'GET /v1/sprites', action: 'stale' });
  assert.deepEqual((await client.listSprites()).sprites.map(({ name }) => name), ['first', 'second']);
  assert.deepEqual((await client.listSprites()).sprites.map(({ name }) => name), ['second']);
  await client.deleteSprite('second');
});

test('a sprite that vanishes behind the client\'s back', async () => {
  const sprite = await client.createSprite('vanishing');
  await sprite.execFile('true');
  await world.disturb('GET /v1/sprites/{name}', 'gone');
  await failsWith(client.getSprite('vanishing'), 404, 'sprite not found');
  assert.match((await failure(sprite.execFile('true'))).message, /WebSocket/);
  assert.deepEqual(await client.listAllSprites(), []);
});

test('a restart behind the client\'s back ends what runs and keeps the files', async () => {
  const sprite = await client.createSprite('restarting');
  const fs = sprite.filesystem('/home/sprite');
  await fs.writeFile('kept', 'yes');
  await world.disturb('GET /v1/sprites/{name}', 'restarted');
  await client.getSprite('restarting');
  assert.equal(await fs.readFile('kept', 'utf8'), 'yes');
  await sprite.delete();
});

test('a new sprite may be hidden, and a deleted name taken, for a while', async () => {
  const lagging = await World.open({ hiddenLooks: 2, teardownCreates: 1, conflictStatus: 400 });
  const owner = lagging.client();
  await owner.createSprite('slow');
  for (let i = 0; i < 2; i++) await failsWith(owner.getSprite('slow'), 404, 'sprite not found');
  assert.equal((await owner.getSprite('slow')).name, 'slow');
  await owner.deleteSprite('slow');
  await failsWith(owner.createSprite('slow'), 400, 'sprite "slow" already exists');
  assert.equal((await owner.createSprite('slow')).name, 'slow');
  await lagging.close();
});

test('a rule that the emulator does not understand is refused', async () => {
  await world.misbehave('GET /v1/sprites', 'no-such-manner');
  const error = await failure(client.listSprites());
  assert.equal(error.statusCode, 400);
  assert.match(error.message, /fast-path/);
  await client.createSprite('known');
  await world.disturb('GET /v1/sprites/{name}', 'no-such-state');
  assert.match((await failure(client.getSprite('known'))).message, /warm, cold, dropped, restarted, gone/);
  await client.deleteSprite('known');
});
