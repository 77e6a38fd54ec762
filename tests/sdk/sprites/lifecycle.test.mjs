// Sprites made, found, changed, checked and deleted.
import { after, before, test } from 'node:test';
import { assert, collect, failsWith, failure, sdk, until, World } from './world.mjs';

let world, client;
before(async () => {
  world = await World.open();
  client = world.client();
});
after(() => world.close());

test('a sprite is made with all that the client can wish for', async () => {
  const made = await client.createSprite('wishes', {
    config: { ramMB: 512, cpus: 2, region: 'ord', storageGB: 10 },
    environment: { camelCase: 'kept' },
    urlSettings: { auth: 'public', privateAccess: 'org_users' },
    labels: ['run=17', 'b'],
    waitForCapacity: true,
    runtime: 'dev',
  });
  assert.ok(made instanceof sdk.Sprite);
  assert.equal(made.name, 'wishes');
  assert.match(made.id, /^sprite-[0-9a-f-]{36}$/);
  assert.equal(made.organizationName, 'suite');
  assert.equal(made.status, 'cold');
  assert.deepEqual(made.urlSettings, { auth: 'public', privateAccess: 'org_users' });
  assert.deepEqual(made.labels, ['run=17', 'b']);
  assert.match(made.url, /^http:\/\/127\.0\.0\.1:\d+$/);
  assert.ok(Math.abs(made.createdAt - Date.now()) < 60_000);
  assert.equal(made.lastRunningAt, undefined);
  assert.equal(made.config, undefined);
  await made.delete();
});

test('a bare config is taken for one, and the defaults are private', async () => {
  const made = await client.createSprite('bare', { ramMB: 256 }, { labels: ['x'] });
  assert.deepEqual(made.urlSettings, { auth: 'sprite', privateAccess: 'admins' });
  assert.deepEqual(made.labels, ['x']);
  await made.destroy();
});

test('a handle costs nothing and knows nothing', async () => {
  const { result, requests } = await world.costOf(async () => client.sprite('nowhere'));
  assert.equal(requests, 0);
  assert.equal(result.id, undefined);
  await failsWith(client.getSprite('nowhere'), 404, 'sprite not found');
});

test('a name is taken once', async () => {
  const first = await client.createSprite('once');
  await failsWith(client.createSprite('once'), 409, 'sprite "once" already exists', /already exists/);
  await first.delete();
  const second = await client.createSprite('once');
  assert.notEqual(second.id, first.id);
  await second.delete();
  await failsWith(second.delete(), 404, 'sprite not found');
});

test('labels and address settings change by themselves', async () => {
  const made = await client.createSprite('changing', { labels: ['a'] });
  const updated = await made.update({ labels: ['b', 'c'] });
  assert.deepEqual(updated.labels, ['b', 'c']);
  assert.equal(updated.urlSettings.auth, 'sprite');
  await made.updateURLSettings({ auth: 'public' });
  const found = await client.getSprite('changing');
  assert.equal(found.urlSettings.auth, 'public');
  assert.deepEqual(found.labels, ['b', 'c']);
  assert.ok(found.updatedAt >= found.createdAt);
  assert.deepEqual((await client.updateSprite('changing', { labels: [] })).labels, []);
  await client.updateURLSettings('changing', { auth: 'sprite', privateAccess: 'org_users' });
  assert.equal((await client.getSprite('changing')).urlSettings.privateAccess, 'org_users');
  assert.ok((await failure(made.update({}))) instanceof TypeError);
  await client.deleteSprite('changing');
});

test('lists go page by page', async () => {
  const names = Array.from({ length: 53 }, (_, i) => `page-${String(i).padStart(2, '0')}`);
  await Promise.all(names.map((name) => client.createSprite(name)));
  const first = await client.listSprites({ prefix: 'page-', maxResults: 2 });
  assert.deepEqual(first.sprites.map((sprite) => sprite.name), ['page-00', 'page-01']);
  assert.equal(first.hasMore, true);
  assert.equal(first.organizationName, 'suite');
  assert.ok(first.cold >= 53);
  assert.equal(first.running, 0);
  assert.ok(first.runningLimit > 0);
  const second = await client.listSprites({
    prefix: 'page-',
    maxResults: 2,
    continuationToken: first.nextContinuationToken,
    bulkLoad: true,
  });
  assert.deepEqual(second.sprites.map((sprite) => sprite.name), ['page-02', 'page-03']);
  const { result, requests } = await world.costOf(() => client.listAllSprites('page-'));
  assert.deepEqual(result.map((sprite) => sprite.name), names);
  assert.ok(result[0] instanceof sdk.Sprite);
  assert.equal(requests, 2);
  assert.deepEqual((await client.listSprites({ prefix: 'none' })).sprites, []);
  await Promise.all(names.map((name) => client.deleteSprite(name)));
});

test('the list is watched as it changes', async () => {
  const stream = await client.watchSprites({ prefix: 'seen', maxResults: 10 });
  const made = await client.createSprite('seen-1');
  await client.createSprite('other-1');
  const first = await stream.next();
  assert.equal(first.name, 'seen-1');
  assert.equal(first.status, 'cold');
  assert.ok(first.organization.cold >= 1);
  assert.equal(first.organization.name, 'suite');
  await made.execFile('true');
  const second = await stream.next();
  assert.equal(second.status, 'running');
  assert.ok(second.lastRunningAt instanceof Date);
  assert.ok(second.runningVersion.length > 0);
  stream.close();
  await made.delete();
  await client.deleteSprite('other-1');
});

test('a watched list says that it lives', async () => {
  const quiet = await World.open({ heartbeatMs: 50 });
  const stream = await quiet.client().watchSprites();
  assert.equal((await stream.next()).type, 'heartbeat');
  const kinds = [];
  for await (const event of stream) {
    kinds.push(event.type);
    if (kinds.length === 2) break;
  }
  assert.deepEqual(kinds, ['heartbeat', 'heartbeat']);
  await quiet.close();
});

test('a sprite is checked, upgraded and restarted', async () => {
  const made = await client.createSprite('upkeep');
  const cold = await made.check();
  assert.equal(cold.status, 'hibernated');
  assert.equal(cold.spriteId, made.id);
  await made.filesystem('/home/sprite').writeFile('kept', 'yes');
  assert.equal((await client.checkSprite('upkeep')).status, 'healthy');
  await made.upgrade();
  await client.upgradeSprite('upkeep');
  const running = made.spawn('sleep', ['60']);
  collect(running);
  const ended = running.wait();
  await until(async () => (await made.listSessions()).length === 1, 'the session');
  const restarted = await made.restart();
  assert.equal(restarted.spriteName, 'upkeep');
  assert.ok(restarted.machineId.length > 0);
  assert.equal(await ended, -1);
  assert.deepEqual(await made.listSessions(), []);
  assert.equal(await made.filesystem('/home/sprite').readFile('kept', 'utf8'), 'yes');
  await client.restartSprite('upkeep');
  await made.delete();
});

test('a token comes from a macaroon, at the one place that the client knows', async () => {
  const real = globalThis.fetch;
  globalThis.fetch = (url, options) => real(String(url).replace('https://api.sprites.dev', world.url), options);
  try {
    const token = await sdk.SpritesClient.createToken('macaroon', 'minted', 'invitation');
    assert.match(token, /^minted\//);
    assert.deepEqual((await world.client(token).listSprites()).sprites, []);
    await failsWith(sdk.SpritesClient.createToken('', 'minted'), 401, 'authentication failed');
  } finally {
    globalThis.fetch = real;
  }
});

test('organizations do not see each other, and strangers see nothing', async () => {
  await client.createSprite('mine');
  const other = world.client('rival/org/1/secret');
  await failsWith(other.getSprite('mine'), 404, 'sprite not found');
  assert.deepEqual(await other.listAllSprites(), []);
  await failsWith(world.client('').getSprite('mine'), 401, 'authentication failed');
  const error = await failure(world.client('').sprite('mine').execFile('true'));
  assert.ok(error instanceof Error);
  await client.deleteSprite('mine');
});

test('limits carry all that the client tells of them', async () => {
  await world.strike({ route: 'POST /v1/sprites', action: 'status', status: 429 });
  const error = await failsWith(client.createSprite('limited'), 429, 'sprite_creation_rate_limited');
  assert.ok(error.isRateLimitError());
  assert.ok(error.isCreationRateLimited());
  assert.equal(error.isConcurrentLimitExceeded(), false);
  assert.equal(error.getRetryAfterSeconds(), 30);
  assert.equal(error.limit, 10);
  assert.equal(error.windowSeconds, 60);
  assert.equal(error.currentCount, 10);
  assert.equal(error.upgradeAvailable, true);
  assert.equal(error.rateLimitLimit, 10);
  assert.equal(error.rateLimitRemaining, 0);
  assert.ok(error.rateLimitReset * 1000 > Date.now());
  assert.match(error.message, /limit: 10 per 60s, current: 10, retry after: 30s, upgrade: https:/);
});

test('a broken gateway answers with its page', async () => {
  await world.strike({ route: 'GET /v1/sprites', action: 'status', status: 502 });
  const error = await failure(client.listSprites());
  assert.equal(error.statusCode, 502);
  assert.match(error.message, /<h1>502 Bad Gateway<\/h1>/);
});

test('too many awake at a time is a limit of its own', async () => {
  const narrow = await World.open({ mostActive: 1 });
  const owner = narrow.client();
  await (await owner.createSprite('a')).execFile('true');
  const second = await owner.createSprite('b');
  const error = await failsWith(second.execFileHTTP('true'), 429, 'concurrent_sprite_limit_exceeded');
  assert.ok(error.isConcurrentLimitExceeded());
  await narrow.close();
});

test('what the client does not send is refused by name', async () => {
  const cases = [
    ['POST', '/v1/sprites', { name: 'a', image: 'x' }, 400, /image/],
    ['POST', '/v1/sprites', { name: 'A' }, 400, /name/],
    ['GET', '/v1/sprites?labels=x', undefined, 400, /labels/],
    ['PATCH', '/v1/sprites/a', {}, 405, /PATCH/],
    ['GET', '/v1/sprites/a/snapshots', undefined, 404, /snapshots/],
    ['GET', '/v1/gateway/github/a/b', undefined, 501, /connectors/],
  ];
  for (const [method, path, body, status, text] of cases) {
    const reply = await world.request(method, path, { body });
    assert.equal(reply.status, status, `${method} ${path}`);
    assert.match(await reply.text(), text);
  }
  const untyped = await world.request('POST', '/v1/sprites', { body: '{"name":"a"}', headers: { 'content-type': 'text/plain' } });
  assert.deepEqual(await untyped.json(), { error: 'name is required' });
});

test('sleep comes by itself, and use wakes', async () => {
  const sleepy = await World.open({ idleMs: 150, chillMs: 150 });
  const owner = sleepy.client();
  const made = await owner.createSprite('sleepy');
  const states = [];
  const stream = await owner.watchSprites();
  const watching = (async () => {
    for await (const event of stream) {
      if (event.name) states.push(event.status);
      if (states.filter((state) => state === 'cold').length === 2) break;
    }
  })();
  await made.execFile('sh', ['-c', 'echo kept > f']);
  await watching;
  assert.deepEqual(states, ['cold', 'running', 'warm', 'cold']);
  assert.equal((await owner.getSprite('sleepy')).status, 'cold');
  assert.equal((await made.execFile('cat', ['f'])).stdout, 'kept\n');
  const { lastRunningAt, lastWarmingAt } = await owner.getSprite('sleepy');
  assert.ok(lastRunningAt > lastWarmingAt);
  await sleepy.close();
});
