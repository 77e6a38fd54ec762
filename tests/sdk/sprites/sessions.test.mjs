// Sessions: listed, attached to, left and killed.
import { after, before, test } from 'node:test';
import { all, assert, collect, failsWith, failure, next, until, World } from './world.mjs';

let world, client, sprite;
before(async () => {
  world = await World.open();
  client = world.client();
  sprite = await client.createSprite('sessions');
});
after(() => world.close());

const loop = "trap 'echo told' USR1; echo up; while :; do sleep 0.02; done";

/** A session that runs, and its id. */
async function begin(options = {}) {
  const before = new Set((await sprite.listSessions()).map((session) => session.id));
  const command = options.tty === false ? sprite.spawn('sh', ['-c', loop], options) : sprite.createSession('sh', ['-c', loop], options);
  const seen = collect(command);
  await until(() => seen.stdout.includes('up'), 'the command');
  const session = (await sprite.listSessions()).find(({ id }) => !before.has(id));
  return { command, seen, session };
}

/** Ends all sessions. */
async function clear() {
  for (const { id } of await sprite.listSessions()) await all(await sprite.killSession(id, 'SIGKILL'));
}

test('sessions are listed as long as they run', async () => {
  assert.deepEqual(await sprite.listSessions(), []);
  const { session } = await begin({ cwd: '/tmp' });
  assert.match(session.id, /^\d+$/);
  assert.match(session.command, /^sh -c /);
  assert.equal(session.workdir, '/tmp');
  assert.equal(session.tty, true);
  assert.equal(session.isActive, true);
  assert.ok(Math.abs(session.created - Date.now()) < 60_000);
  assert.ok(session.lastActivity >= session.created);
  const { stdout } = await sprite.execFile('ps', ['-o', 'pid=', '-p', session.id]);
  assert.equal(stdout.trim(), session.id);
  const shown = await world.request('GET', `/v1/sprites/sessions/exec/${session.id}`);
  assert.equal((await shown.json()).id, session.id);
  await clear();
  assert.deepEqual(await sprite.listSessions(), []);
  const gone = await world.request('GET', `/v1/sprites/sessions/exec/${session.id}`);
  assert.equal(gone.status, 404);
  assert.match(await gone.text(), /session not found/);
});

test('one who attaches sees what was, and then what comes', async () => {
  const { session } = await begin();
  const second = sprite.attachSession(session.id);
  const seen = collect(second);
  const messages = [];
  second.on('message', (message) => messages.push(message.type));
  await next(second, 'spawn');
  // While it waits for the session's description, the client tells what comes twice.
  assert.deepEqual([...new Set(messages)], ['debug', 'session_info']);
  second.signal('USR1');
  await until(() => seen.stdout.includes('told'), 'what came after');
  second.stdin.end();
  await clear();
  await second.wait();
});

test('the session says whether it has a terminal, not who attaches', async () => {
  const { session } = await begin({ tty: false, maxRunAfterDisconnect: '1m' });
  const second = sprite.attachSession(session.id);
  const seen = collect(second);
  await next(second, 'spawn');
  second.signal('SIGUSR1');
  await until(() => seen.stdout.includes('told\n'), 'a frame without a terminal');
  await clear();
  assert.equal(await second.wait(), 137);
});

test('a session outlives its client by what was said', async () => {
  const brief = await begin({ tty: false, maxRunAfterDisconnect: '100ms' });
  const lasting = await begin();
  await world.disturb('GET /v1/sprites/{name}', 'dropped');
  await client.getSprite('sessions');
  await brief.command.wait();
  await until(async () => !(await sprite.listSessions()).some(({ id }) => id === brief.session.id), 'the end of the brief one');
  const left = await sprite.listSessions();
  assert.deepEqual(left.map(({ id }) => id), [lasting.session.id]);
  assert.equal(left[0].isActive, false);
  await clear();
});

test('a kill tells its progress', async () => {
  const first = await begin();
  const events = await all(await sprite.killSession(first.session.id));
  assert.deepEqual(events.map((event) => event.type), ['signal', 'exited', 'complete']);
  assert.equal(events[0].signal, 15);
  assert.equal(String(events[0].pid), first.session.id);
  assert.match(events[0].message, /SIGTERM/);
  assert.equal(events.at(-1).exitCode, 143);

  const stubborn = sprite.createSession('sh', ['-c', "trap '' TERM; echo up; while :; do sleep 0.02; done"]);
  const seen = collect(stubborn);
  await until(() => seen.stdout.includes('up'), 'the command');
  const [{ id }] = await sprite.listSessions();
  const stream = await sprite.killSession(id, 'SIGTERM', '200ms');
  const types = [];
  await stream.processAll((event) => types.push(event.type));
  assert.deepEqual(types, ['signal', 'timeout', 'killed', 'complete']);
});

test('a session that has ended is gone in its own way for each call', async () => {
  const { session } = await begin();
  await clear();
  await failsWith(sprite.killSession(session.id), 410, undefined, /already exited/);
  await failsWith(sprite.killSession('999999'), 404, undefined, /session not found/);
  await failsWith(sprite.killSession(session.id, 'SIGNONSENSE'), 400, undefined, /invalid signal/);
  const attached = collect(sprite.attachSession(session.id));
  await until(() => attached.errors.length > 0, 'the refusal');
  assert.match(attached.errors[0].message, /WebSocket/);
  assert.match((await failure(client.sprite('absent').listSessions())).message, /status 404.*sprite not found/);
});

test('a sprite that pauses drops its clients, and its sessions only when it is cold', async () => {
  const { command, session } = await begin();
  await world.disturb('GET /v1/sprites/{name}', 'warm');
  assert.equal((await client.getSprite('sessions')).status, 'warm');
  await command.wait();
  const again = sprite.attachSession(session.id);
  const seen = collect(again);
  await next(again, 'spawn');
  again.signal('USR1');
  await until(() => seen.stdout.includes('told'), 'the thawed command');
  await world.disturb('GET /v1/sprites/{name}', 'cold');
  assert.equal((await client.getSprite('sessions')).status, 'cold');
  await again.wait();
  assert.deepEqual(await sprite.listSessions(), []);
});
