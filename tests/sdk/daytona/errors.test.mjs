import { after, before, test } from 'node:test';
import { assert, failsWith, sdk, World } from './world.mjs';

let world, daytona;
before(async () => {
  world = await World.open();
  daytona = world.daytona;
});
after(() => world.close());

test('400: a stopped sandbox says so on the toolbox', async () => {
  const sandbox = await daytona.create();
  await sandbox.stop();
  await failsWith(sandbox.process.executeCommand('true'), sdk.DaytonaValidationError, {
    status: 400,
    message: /Is the Sandbox started\?/,
  });
  await failsWith(sandbox.fs.listFiles('.'), sdk.DaytonaValidationError, { status: 400 });
  await sandbox.delete();
});

test('401: a destroyed sandbox looks like a wrong key on the toolbox', async () => {
  const sandbox = await daytona.create();
  await sandbox.delete(60, true);
  await failsWith(sandbox.process.executeCommand('true'), sdk.DaytonaAuthenticationError, { status: 401 });
});

test('404: an unknown sandbox, an unknown route', async () => {
  const error = await failsWith(daytona.get('nobody'), sdk.DaytonaNotFoundError, { status: 404 });
  assert.equal(error.message, 'Sandbox with ID or name nobody not found');
  const route = await world.request('GET', '/no/such/route');
  assert.equal(route.status, 404);
  const body = await route.json();
  assert.equal(body.statusCode, 404);
  assert.match(body.message, /no\/such\/route/);
});

test('409: two changes at once', async () => {
  const sandbox = await daytona.create();
  const replies = await Promise.all([1, 2, 3, 4].map(() => world.request('POST', `/sandbox/${sandbox.id}/stop`)));
  const statuses = replies.map((one) => one.status).sort();
  assert.equal(statuses[0], 200);
  assert.ok(statuses.slice(1).every((status) => status === 400 || status === 409), statuses.join());
  await sandbox.waitUntilStopped();
  await sandbox.delete();
});

test('errors of the control plane have the shape that is documented', async () => {
  const reply = await world.request('GET', '/sandbox/nobody');
  const body = await reply.json();
  assert.deepEqual(Object.keys(body).sort(), ['error', 'message', 'path', 'statusCode', 'timestamp']);
  assert.equal(body.error, 'Not Found');
  assert.equal(body.path, '/api/sandbox/nobody');
  assert.ok(!Number.isNaN(Date.parse(body.timestamp)));
});

test('a body that is no JSON is told so', async () => {
  const reply = await fetch(`${world.apiUrl}/sandbox`, {
    method: 'POST',
    headers: { Authorization: 'Bearer dtn_for_the_suite', 'Content-Type': 'application/json' },
    body: '{"name":',
  });
  assert.equal(reply.status, 400);
  assert.equal((await reply.json()).statusCode, 400);
});
