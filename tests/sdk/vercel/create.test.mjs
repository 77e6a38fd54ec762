import { after, before, test } from 'node:test';
import { assert, failsWith, sdk, World } from './world.mjs';

const { Sandbox } = sdk;
let world;
before(async () => {
  world = await World.open();
});
after(() => world.close());

test('without options everything has its documented default', async () => {
  const sandbox = await Sandbox.create(world.account);
  assert.match(sandbox.name, /^[a-z]+-[a-z]+-[a-z]+-\w+$/);
  assert.equal(sandbox.status, 'running');
  assert.equal(sandbox.persistent, true);
  assert.equal(sandbox.timeout, 300_000);
  assert.equal(sandbox.vcpus, 2);
  assert.equal(sandbox.memory, 4096);
  assert.equal(sandbox.region, 'iad1');
  assert.equal(sandbox.cwd, '/vercel');
  assert.equal(sandbox.image, 'vercel/sandbox/universal');
  assert.deepEqual(sandbox.routes, []);
  assert.equal(sandbox.tags, undefined);
  assert.equal(sandbox.networkPolicy, undefined);
  assert.ok(Math.abs(sandbox.createdAt - Date.now()) < 60_000);
  assert.equal(sandbox.expiresAt.getTime(), sandbox.currentSession().startedAt.getTime() + 300_000);
  assert.match(sandbox.currentSession().sessionId, /^sbx_\w{28}$/);
  await sandbox.delete();
});

test('what is asked for is what there is', async () => {
  const sandbox = await Sandbox.create({
    ...world.account,
    name: 'all-of-it',
    ports: [38501, 38502],
    timeout: 120_000,
    resources: { vcpus: 4 },
    env: { COLOUR: 'blue' },
    tags: { job: '7f3a', stage: 'two words' },
    persistent: false,
    snapshotExpiration: 86_400_000,
    keepLastSnapshots: { count: 2, expiration: 0 },
    region: 'fra1',
    failoverRegions: ['cdg1'],
    networkId: 'net_1',
    image: 'vercel/sandbox/node:24',
  });
  assert.equal(sandbox.name, 'all-of-it');
  assert.deepEqual(sandbox.routes.map((route) => route.port), [38501, 38502]);
  assert.match(sandbox.domain(38501), /^https:\/\/sb-[a-z0-9]{12}\.vercel\.run$/);
  assert.throws(() => sandbox.domain(1), /No route for port 1/);
  assert.equal(sandbox.timeout, 120_000);
  assert.deepEqual([sandbox.vcpus, sandbox.memory], [4, 8192]);
  assert.deepEqual(sandbox.tags, { job: '7f3a', stage: 'two words' });
  assert.equal(sandbox.persistent, false);
  assert.equal(sandbox.snapshotExpiration, 86_400_000);
  assert.deepEqual(sandbox.keepLastSnapshots, { count: 2, expiration: 0 });
  assert.equal(sandbox.region, 'fra1');
  assert.deepEqual(sandbox.failoverRegions, ['cdg1']);
  assert.equal(sandbox.networkId, 'net_1');
  assert.equal(sandbox.image, 'vercel/sandbox/node:24');
  assert.equal(await (await sandbox.runCommand('printenv', ['COLOUR'])).stdout(), 'blue\n');
  await sandbox.delete();
});

test('a runtime of before has its own user and home', async () => {
  const sandbox = await world.create({ runtime: 'node22' });
  assert.equal(sandbox.cwd, '/vercel/sandbox');
  assert.equal(sandbox.runtime, 'node22');
  assert.equal(sandbox.image, undefined);
  const where = await sandbox.runCommand('sh', ['-c', 'pwd; id -un; echo $HOME']);
  assert.equal(await where.stdout(), '/vercel/sandbox\nvercel-sandbox\n/vercel/sandbox\n');
  await sandbox.delete();
});

test('a name belongs to one sandbox of a project', async () => {
  const first = await world.create({ name: 'only-one' });
  await failsWith(world.create({ name: 'only-one' }), 400, 'bad_request', /already exists/);
  const elsewhere = await Sandbox.create({ ...world.accountOf('team_suite', 'prj_other'), name: 'only-one' });
  assert.notEqual(elsewhere.currentSession().sessionId, first.currentSession().sessionId);
  await elsewhere.delete();
  await first.delete();
  const again = await world.create({ name: 'only-one' });
  await again.delete();
});

test('getOrCreate makes it once and finds it after', async () => {
  const made = [];
  const options = { ...world.account, name: 'got-or-made', persistent: false, onCreate: async (s) => made.push(s.name) };
  const first = await Sandbox.getOrCreate(options);
  const second = await Sandbox.getOrCreate(options);
  assert.deepEqual(made, ['got-or-made']);
  assert.equal(first.currentSession().sessionId, second.currentSession().sessionId);
  await first.delete();
});

test('options that cannot be are refused by name', async () => {
  const cases = [
    [{ name: 'no spaces please' }, /name/],
    [{ ports: [80] }, /ports/],
    [{ ports: Array.from({ length: 16 }, (_, i) => 4000 + i) }, /ports.*15/],
    [{ timeout: 999 }, /timeout/],
    [{ timeout: 90_000_000 }, /timeout/],
    [{ resources: { vcpus: 3 } }, /vcpus/],
    [{ resources: { vcpus: 64 } }, /vcpus/],
    [{ tags: { a: '', b: '', c: '', d: '', e: '', f: '' } }, /tags/],
    [{ snapshotExpiration: 1000 }, /snapshotExpiration/],
    [{ keepLastSnapshots: { count: 11 } }, /keepLastSnapshots/],
    [{ region: 'mars1' }, /region/],
    [{ runtime: 'cobol' }, /runtime/],
    [{ source: { type: 'rsync', url: 'x' } }, /source/],
    [{ mounts: { 'not/absolute': { drive: 'd', mode: 'read-write' } } }, /mounts/],
  ];
  for (const [options, message] of cases) await failsWith(world.create(options), 400, 'bad_request', message);
  await failsWith(world.create({ source: { type: 'snapshot', snapshotId: 'snap_none' } }), 404, 'not_found');
  await assert.rejects(world.create({ runtime: 'node22', image: 'x' }), /cannot be used together/);
  assert.deepEqual((await world.ledger()).living, []);
});

test('network policies come back in the shape that answers have', async () => {
  const policy = {
    allow: {
      'api.example.com': [{ match: { method: ['GET'] }, transform: [{ headers: { authorization: 'Bearer s3cret' } }] }],
      'up.example.com': [{ forwardURL: 'https://proxy.example.com/in' }],
      '*.example.org': [],
    },
    subnets: { deny: ['10.0.0.0/8'] },
  };
  const sandbox = await world.create({ networkPolicy: policy });
  const seen = sandbox.networkPolicy;
  assert.deepEqual(Object.keys(seen.allow).sort(), Object.keys(policy.allow).sort());
  assert.deepEqual(seen.allow['api.example.com'][0].transform, [{ headers: { authorization: '<redacted>' } }]);
  assert.equal(seen.allow['up.example.com'][0].forwardURL, 'https://proxy.example.com/in');
  assert.deepEqual(seen.subnets, { deny: ['10.0.0.0/8'] });
  assert.equal(await sandbox.updateNetworkPolicy('deny-all'), 'deny-all');
  assert.deepEqual(await sandbox.updateNetworkPolicy({ allow: ['example.com'] }), { allow: ['example.com'] });
  assert.equal(await sandbox.updateNetworkPolicy('allow-all'), 'allow-all');
  await sandbox.delete();
});

test('denied network is no network', async () => {
  const sandbox = await world.create({ networkPolicy: 'deny-all' });
  assert.equal(sandbox.networkPolicy, 'deny-all');
  const interfaces = await sandbox.runCommand('sh', ['-c', 'ls /sys/class/net 2>/dev/null; cat /proc/net/dev | tail -n +3']);
  assert.match(await interfaces.stdout(), /^\s*lo:/m);
  assert.doesNotMatch(await interfaces.stdout(), /eth|ens|wl/);
  await sandbox.delete();
});

test('private options of the vendor are let through', async () => {
  const sandbox = await world.create({ __experimental: true });
  assert.equal(sandbox.status, 'running');
  await sandbox.delete();
});
