// What each file of this suite starts with: an emulator of its own and the vendor's client of it.
import * as sdk from '@fly/sprites';
import { Emulator } from '../support/emulator.mjs';
import { assert, watch, watchStatics } from '../support/count.mjs';

watch(
  sdk.SpritesClient,
  sdk.Sprite,
  sdk.SpriteCommand,
  sdk.SpriteFilesystem,
  sdk.SpriteListStream,
  sdk.SessionKillStream,
  sdk.CheckpointStream,
  sdk.RestoreStream,
  sdk.ServiceLogStream,
  sdk.ProxySession,
  sdk.ProxyManager,
  sdk.PortWatcher,
  sdk.FilesystemWatcher,
  sdk.ControlConnection,
  sdk.APIError,
);
watchStatics(sdk.SpritesClient);

/** An emulator with its ledger; close() holds it to a clean end. */
export class World {
  static async open(settings = {}) {
    const flags = Object.entries(settings).flatMap(([name, value]) => ['--set', `${name}=${value}`]);
    return new World(await Emulator.start('sprites', ...flags));
  }

  constructor(emulator) {
    this.emulator = emulator;
  }

  get url() {
    return this.emulator.url;
  }

  client(token = 'suite/org/1/secret', options = {}) {
    return new sdk.SpritesClient(token, { baseURL: this.url, ...options });
  }

  /** A request past the client: for what it cannot send, and for what must be seen as it is on the wire. */
  async request(method, path, { body, headers = {}, token = 'suite/org/1/secret' } = {}) {
    return fetch(path.startsWith('http') ? path : this.url + path, {
      method,
      redirect: 'manual',
      headers: {
        ...(token && { authorization: `Bearer ${token}` }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      body: body === undefined || typeof body === 'string' ? body : JSON.stringify(body),
    });
  }

  async ledger() {
    return (await fetch(`${this.url}/__emulator/ledger`)).json();
  }

  async resetLedger() {
    await fetch(`${this.url}/__emulator/ledger`, { method: 'DELETE' });
  }

  /** Requests (of which WebSockets) that `work` causes, and connections that it opens. */
  async costOf(work) {
    await this.resetLedger();
    const result = await work();
    const { entries, connections } = await this.ledger();
    const sockets = entries.filter((entry) => entry.status === 101).length;
    return { result, requests: entries.length - sockets, sockets, connections, routes: entries.map((entry) => entry.route) };
  }

  async strike(...faults) {
    const reply = await fetch(`${this.url}/__emulator/faults`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(faults),
    });
    assert.equal(reply.status, 200, await reply.text());
  }

  misbehave(route, manner) {
    return this.strike({ route: route.replace(/[{}]/g, '\\$&'), action: 'misbehave', manner });
  }

  disturb(route, state) {
    return this.strike({ route: route.replace(/[{}]/g, '\\$&'), action: 'disturb', state });
  }

  async close() {
    assert.equal(await this.emulator.stop(), 0);
    await this.emulator.clean();
  }
}

export const exec = 'GET /v1/sprites/{name}/exec';

/** That `promise` fails with the client's APIError, with this status, code and text. */
export async function failsWith(promise, status, code, message) {
  const error = await failure(promise);
  assert.ok(error instanceof sdk.APIError, error.stack);
  assert.equal(error.statusCode, status, error.message);
  assert.equal(error.errorCode, code);
  if (message !== undefined) assert.match(error.message, message);
  return error;
}

/** What `promise` fails with. */
export async function failure(promise) {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  return assert.fail('nothing failed');
}

/** All that an event stream of the client's gives. */
export async function all(stream) {
  const events = [];
  for await (const event of stream) events.push(event);
  return events;
}

/** What `emitter` emits next as `name`. */
export function next(emitter, name) {
  return new Promise((resolve) => emitter.once(name, resolve));
}

/** A spawned command's output as it comes. */
export function collect(command) {
  const seen = { stdout: '', stderr: '', errors: [] };
  command.stdout.on('data', (data) => (seen.stdout += data));
  command.stderr.on('data', (data) => (seen.stderr += data));
  command.on('error', (error) => seen.errors.push(error));
  return seen;
}

/** Looks again until `condition` holds; for what the wire has no other way to tell. */
export async function until(condition, what, tries = 400) {
  for (let i = 0; i < tries; i++) {
    const value = await condition();
    if (value) return value;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  return assert.fail(`never happened: ${what}`);
}

export { assert, sdk };
