// Services, and policies.
import { after, before, test } from 'node:test';
import { all, assert, failure, until, World } from './world.mjs';

let world, client, sprite;
before(async () => {
  world = await World.open();
  client = world.client();
  sprite = await client.createSprite('served');
});
after(() => world.close());

const loop = "trap 'echo told' USR1; echo up; while :; do sleep 0.02; done";
const state = async (name) => (await sprite.getService(name)).state;

test('a service is defined, runs, and is shown', async () => {
  const events = await all(
    await sprite.createService('web', { cmd: 'sh', args: ['-c', `echo "$A" in $PWD >&2; ${loop}`], env: { A: 'set' }, dir: '/tmp', httpPort: 8123 }, '300ms'),
  );
  assert.equal(events[0].type, 'started');
  assert.equal(events.filter((event) => event.type === 'stderr').map((event) => event.data).join(''), 'set in /tmp\n');
  assert.ok(events.some((event) => event.type === 'stdout' && event.data.includes('up')));
  assert.equal(events.at(-1).type, 'complete');
  assert.ok(events.at(-1).logFiles.combined.endsWith('web.log'));
  assert.ok(Math.abs(events[0].timestamp - Date.now()) < 60_000);
  const service = await sprite.getService('web');
  assert.deepEqual([service.name, service.cmd, service.dir, service.httpPort, service.needs], ['web', 'sh', '/tmp', 8123, []]);
  assert.deepEqual(service.env, { A: 'set' });
  assert.equal(service.state.status, 'running');
  assert.ok(service.state.pid > 1);
  assert.equal(service.state.restartCount, 0);
  assert.deepEqual((await sprite.listServices()).map(({ name }) => name), ['web']);
});

test('the same again is only a message, another one starts anew', async () => {
  const config = { cmd: 'sh', args: ['-c', loop] };
  await all(await sprite.createService('same', config, '50ms'));
  const { pid } = await state('same');
  const [message, ...rest] = await all(await sprite.createService('same', config));
  assert.deepEqual([message.type, rest], [undefined, []]);
  assert.equal((await state('same')).pid, pid);
  await all(await sprite.createService('same', { ...config, env: { B: '1' } }, '50ms'));
  const changed = await state('same');
  assert.notEqual(changed.pid, pid);
  assert.equal(changed.restartCount, 1);
  await sprite.deleteService('same');
});

test('logs are read from the end, and followed', async () => {
  await sprite.signalService('web', 'USR1');
  // The signal reaches the whole group, and the shell says on stderr what it did to the rest of it.
  const told = (event) => event.type === 'stdout' && event.data.includes('told');
  await until(async () => (await all(await sprite.getServiceLogs('web', { lines: 2 }))).some(told), 'the word');
  const events = await all(await sprite.getServiceLogs('web', { lines: 1 }));
  assert.equal(events.length, 2);
  assert.match(events[0].type, /^std(out|err)$/);
  assert.equal(events[1].type, 'complete');
  const stream = await sprite.getServiceLogs('web', { lines: 0, duration: '10s' });
  await sprite.signalService('web', 'SIGUSR1');
  for await (const event of stream) if (told(event)) break;
  assert.equal(await stream.next(), null);
});

test('a stop tells its progress and leaves "failed"', async () => {
  const events = await all(await sprite.stopService('web', '5s'));
  assert.deepEqual(events.map((event) => event.type), ['stopping', 'exit', 'stopped', 'complete']);
  assert.equal(events[1].exitCode, 143);
  const stopped = await state('web');
  assert.equal(stopped.status, 'failed');
  assert.equal(stopped.error, 'exited with code 143');
  assert.match((await failure(sprite.stopService('web'))).message, /not running/);
  assert.match((await failure(sprite.signalService('web', 'TERM'))).message, /not running/);
  const started = await all(await sprite.startService('web', '50ms'));
  assert.equal(started[0].type, 'started');
  const again = await all(await sprite.restartService('web', '50ms'));
  assert.deepEqual(again.map((event) => event.type).filter((type) => !type.startsWith('std')), ['stopping', 'exit', 'stopped', 'started', 'complete']);
});

test('a service that ends says how', async () => {
  const events = [];
  await (await sprite.createService('brief', { cmd: 'sh', args: ['-c', 'sleep 0.2; exit 4'] })).processAll((event) => events.push(event));
  assert.equal(events.find((event) => event.type === 'exit').exitCode, 4);
  assert.equal((await state('brief')).status, 'failed');
});

test('a service starts what it needs', async () => {
  await all(await sprite.createService('db', { cmd: 'sh', args: ['-c', loop] }, '50ms'));
  await all(await sprite.stopService('db'));
  await all(await sprite.createService('app', { cmd: 'sh', args: ['-c', loop], needs: ['db'] }, '50ms'));
  assert.equal((await state('db')).status, 'running');
  assert.deepEqual((await sprite.getService('app')).needs, ['db']);
  assert.match((await failure(sprite.createService('lone', { cmd: 'true', needs: ['none'] }))).message, /needs none/);
});

test('a port of the web belongs to one service', async () => {
  const error = await failure(sprite.createService('second', { cmd: 'true', httpPort: 9000 }));
  assert.match(error.message, /Service conflict: service web has the http port/);
});

test('services come back after a cold wake', async () => {
  const { pid, restartCount } = await state('app');
  await world.disturb('GET /v1/sprites/{name}', 'cold');
  await client.getSprite('served');
  await sprite.execFile('true');
  await until(async () => (await state('app')).status === 'running', 'its return');
  const returned = await state('app');
  assert.equal(returned.restartCount, restartCount + 1);
  assert.ok(pid > 0);
});

test('what is not there, or not known, is said in plain text', async () => {
  const calls = [
    () => sprite.getService('none'),
    () => sprite.deleteService('none'),
    () => sprite.startService('none'),
    () => sprite.stopService('none'),
    () => sprite.signalService('none', 'TERM'),
  ];
  for (const call of calls) assert.match((await failure(call())).message, /Service not found: service not found: none/);
  assert.match((await failure(sprite.restartService('none'))).message, /status 404.*service not found: none/);
  assert.match((await failure(sprite.getServiceLogs('none'))).message, /status 404/);
  assert.match((await failure(sprite.signalService('app', 'NONSENSE'))).message, /Invalid signal/);
  assert.match((await failure(sprite.createService('bad', { cmd: '' }))).message, /cmd/);
  const wrong = await world.request('PUT', '/v1/sprites/served/services/bad', { body: { cmd: 'true', httpPort: 1 } });
  assert.equal(wrong.status, 400);
  assert.match(await wrong.text(), /httpPort/);
});

test('the network policy is kept as it was given', async () => {
  assert.deepEqual(await sprite.getNetworkPolicy(), { rules: [] });
  const policy = { rules: [{ domain: '*.pypi.org', action: 'allow' }, { include: 'defaults' }, { domain: '*', action: 'deny' }] };
  await sprite.updateNetworkPolicy(policy);
  assert.deepEqual(await sprite.getNetworkPolicy(), policy);
  const error = await failure(sprite.updateNetworkPolicy({ rules: [{ domain: 'x', action: 'perhaps' }] }));
  assert.match(error.message, /Invalid policy: .*action/);
  assert.match((await failure(sprite.updateNetworkPolicy({}))).message, /rules/);
});

test('so are those of privileges and resources', async () => {
  assert.deepEqual(await sprite.getPrivilegesPolicy(), { profile: '' });
  const privileges = { profile: 'minimal', devices: ['/dev/fuse'], noNewPrivileges: true };
  await sprite.updatePrivilegesPolicy(privileges);
  assert.deepEqual(await sprite.getPrivilegesPolicy(), privileges);
  await sprite.deletePrivilegesPolicy();
  assert.deepEqual(await sprite.getPrivilegesPolicy(), { profile: '' });
  assert.deepEqual(await sprite.getResourcesPolicy(), { memory: undefined });
  await sprite.updateResourcesPolicy({ memory: { limitMB: 1024, autoscale: true } });
  assert.deepEqual(await sprite.getResourcesPolicy(), { memory: { limitMB: 1024, autoscale: true } });
  await sprite.deleteResourcesPolicy();
  assert.deepEqual(await sprite.getResourcesPolicy(), { memory: undefined });
  assert.match((await failure(sprite.updatePrivilegesPolicy({ profile: 'all' }))).message, /profile/);
  assert.match((await failure(client.sprite('absent').getNetworkPolicy())).message, /sprite not found/);
});
