// What each file of this suite starts with: an emulator of its own and the vendor's client of it.
import * as sdk from '@vercel/sandbox';
import { Emulator } from '../support/emulator.mjs';
import { assert, watch, watchStatics } from '../support/count.mjs';

watch(sdk.Sandbox, sdk.Session, sdk.Command, sdk.FileSystem, sdk.Snapshot, sdk.Drive);
watchStatics(sdk.Sandbox, sdk.Snapshot, sdk.Drive);

const cloud = 'https://vercel.com';

/** An emulator with its ledger; close() holds it to a clean end. */
export class World {
  static async open(settings = {}) {
    const flags = Object.entries(settings).flatMap(([name, value]) => ['--set', `${name}=${value}`]);
    return new World(await Emulator.start('vercel', ...flags));
  }

  constructor(emulator) {
    this.emulator = emulator;
  }

  /** What every call of the client takes: who asks, and the way to the emulator instead of the cloud. */
  get account() {
    return this.accountOf('team_suite', 'prj_suite');
  }

  accountOf(teamId, projectId, token = 'for_the_suite') {
    const fetch = (url, options) => globalThis.fetch(String(url).replace(cloud, this.emulator.url), options);
    return { token, teamId, projectId, fetch };
  }

  create(options = {}) {
    return sdk.Sandbox.create({ ...this.account, persistent: false, ...options });
  }

  /** A request past the client: for what it cannot send, and for what must be seen as it is on the wire. */
  async request(method, path, { body, headers = {}, token = 'for_the_suite' } = {}) {
    const url = new URL(this.emulator.url + path);
    if (!url.searchParams.has('teamId')) url.searchParams.set('teamId', 'team_suite');
    return fetch(url, {
      method,
      headers: {
        ...(token && { authorization: `Bearer ${token}` }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      body: body === undefined || typeof body === 'string' ? body : JSON.stringify(body),
    });
  }

  async ledger() {
    return (await fetch(`${this.emulator.url}/__emulator/ledger`)).json();
  }

  /** The requests, by method and route, that `work` causes. */
  async requestsOf(work) {
    await fetch(`${this.emulator.url}/__emulator/ledger`, { method: 'DELETE' });
    const result = await work();
    const { entries } = await this.ledger();
    return { result, routes: entries.map((entry) => entry.route.replace(' /api', ' ')) };
  }

  async strike(...faults) {
    const reply = await fetch(`${this.emulator.url}/__emulator/faults`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(faults),
    });
    assert.equal(reply.status, 200, await reply.text());
  }

  async close() {
    assert.equal(await this.emulator.stop(), 0);
  }
}

/** That `promise` fails with the client's APIError, with this HTTP status, code and text. */
export async function failsWith(promise, status, code, message) {
  let error;
  try {
    await promise;
  } catch (caught) {
    error = caught;
  }
  assert.ok(error, `nothing failed, where ${status} ${code} was expected`);
  assert.ok(error instanceof sdk.APIError, error.stack);
  assert.equal(error.response.status, status, error.message);
  assert.equal(error.json.error.code, code);
  if (message !== undefined) assert.match(error.message, message);
  return error;
}

/** Looks again until `condition` holds; for what the wire has no other way to tell. */
export async function until(condition, what, tries = 400) {
  for (let i = 0; i < tries; i++) {
    const value = await condition();
    if (value) return value;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  assert.fail(`never happened: ${what}`);
}

export { assert, sdk };
