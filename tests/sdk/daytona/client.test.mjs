import { after, before, test } from 'node:test';
import { apiKey, assert, failsWith, sdk, World } from './world.mjs';

let world;
before(async () => (world = await World.open()));
after(() => world.close());

/** Runs `body` with these variables set, and nothing else of Daytona's. */
async function withEnvironment(variables, body) {
  Object.assign(process.env, variables);
  try {
    return await body();
  } finally {
    for (const name of Object.keys(variables)) delete process.env[name];
  }
}

test('a client takes its address, key and target from the environment', async () => {
  const variables = { DAYTONA_API_KEY: apiKey, DAYTONA_API_URL: world.apiUrl, DAYTONA_TARGET: 'us' };
  await withEnvironment(variables, async () => {
    const client = new sdk.Daytona({ useDeprecatedPolling: true });
    world.clients.push(client);
    const sandbox = await client.create();
    assert.equal(sandbox.state, 'started');
    assert.equal(sandbox.target, 'us');
    await client.delete(sandbox);
  });
});

test('the older name of the address works too', async () => {
  const variables = { DAYTONA_API_KEY: apiKey, DAYTONA_SERVER_URL: world.apiUrl };
  await withEnvironment(variables, async () => {
    const client = new sdk.Daytona({ useDeprecatedPolling: true });
    world.clients.push(client);
    await failsWith(client.get('nobody'), sdk.DaytonaNotFoundError, { status: 404 });
  });
});

test('a client without credentials is refused before any request', () => {
  assert.throws(() => new sdk.Daytona({ apiUrl: world.apiUrl }), { name: 'DaytonaAuthenticationError' });
});

test('a wrong key is an authentication error on both planes', async () => {
  const sandbox = await world.daytona.create();
  const stranger = world.client({ apiKey: 'wrong' });
  await failsWith(stranger.get(sandbox.id), sdk.DaytonaAuthenticationError, { status: 401, message: /Invalid credentials/ });
  await failsWith(stranger.create(), sdk.DaytonaAuthenticationError, { status: 401 });
  const toolbox = await world.request('POST', world.toolbox(sandbox, '/process/execute'), {
    key: 'wrong',
    body: { command: 'true' },
  });
  assert.equal(toolbox.status, 401);
  await sandbox.delete();
});

test('a token needs the organisation that it speaks for', async () => {
  assert.throws(() => new sdk.Daytona({ jwtToken: 'a.b.c', apiUrl: world.apiUrl }), { name: 'DaytonaAuthenticationError' });
});

test('an address where nobody listens is a connection error', async () => {
  const lost = world.client({ apiUrl: 'http://127.0.0.1:1/api' });
  await failsWith(lost.get('x'), sdk.DaytonaConnectionError);
});

test('the deadline of a client is its own error', async () => {
  const sandbox = await world.daytona.create();
  const hurried = world.client({ requestTimeoutMs: 50 });
  const same = new Promise((resolve) => resolve(hurried.get(sandbox.id))).catch(() => undefined);
  const handle = (await same) ?? undefined;
  if (handle) await failsWith(handle.process.executeCommand('sleep 5'), sdk.DaytonaConnectionTimeoutError);
  await sandbox.delete();
});

test('a client can go by events, and without them', async () => {
  const client = world.client({ useDeprecatedPolling: false });
  const sandbox = await client.create();
  assert.equal(sandbox.state, 'started');
  await sandbox.stop();
  assert.equal(sandbox.state, 'stopped');
  await client.delete(sandbox, 60, true);
  assert.equal(sandbox.state, 'destroyed');
});
