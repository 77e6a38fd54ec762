// What each file of this suite starts with: an emulator of its own and clients of it.
import { join } from 'node:path';
import * as sdk from '@daytonaio/sdk';
import { Emulator } from '../support/emulator.mjs';
import { assert, watch } from '../support/count.mjs';
import { validateFiles } from './validate.mjs';

/** The emulator takes every key that looks like one of Daytona's. */
export const apiKey = 'dtn_for_the_suite';

const probe = new sdk.Daytona({ apiKey, apiUrl: 'http://127.0.0.1:1/api', target: 'us', useDeprecatedPolling: true });
watch(
  sdk.Daytona,
  sdk.Sandbox,
  sdk.Process,
  sdk.FileSystem,
  sdk.Git,
  sdk.PtyHandle,
  probe.volume.constructor,
  probe.snapshot.constructor,
);

/** An emulator with its clients; close() ends both, and holds the emulator to a clean end and to Daytona's descriptions. */
export class World {
  static async open(...flags) {
    return new World(await Emulator.start('daytona', ...flags, '--ledger', 'ledger.jsonl'));
  }

  constructor(emulator) {
    this.emulator = emulator;
    this.apiUrl = `${emulator.url}/api`;
    this.clients = [];
    /** That Daytona's descriptions are of this release. */
    this.describesReplies = true;
    this.daytona = this.client();
  }

  /** Polling every 100 ms where the default would wait for pushed events a second at a time. */
  client(options = {}) {
    const client = new sdk.Daytona({ apiKey, apiUrl: this.apiUrl, target: 'us', useDeprecatedPolling: true, ...options });
    this.clients.push(client);
    return client;
  }

  /** A request past the client: for what it cannot send, and for what must be seen as it is on the wire. */
  async request(method, path, { body, headers = {}, key = apiKey } = {}) {
    return fetch(path.startsWith('http') ? path : this.apiUrl + path, {
      method,
      headers: {
        ...(key && { Authorization: `Bearer ${key}` }),
        ...(body !== undefined && { 'Content-Type': 'application/json' }),
        ...headers,
      },
      body: body === undefined ? undefined : JSON.stringify(body),
      redirect: 'manual',
    });
  }

  toolbox(sandbox, path) {
    return `${sandbox.toolboxProxyUrl}/${sandbox.id}${path}`;
  }

  async close() {
    for (const client of this.clients) await client[Symbol.asyncDispose]();
    assert.equal(await this.emulator.stop(), 0);
    // What went well must be what Daytona describes, in both directions.
    const { checked, violations } = validateFiles([join(this.emulator.home, 'ledger.jsonl')], { accepted: true, replies: this.describesReplies });
    await this.emulator.clean();
    assert.deepEqual(violations, []);
    assert.ok(checked > 0);
  }

  /** What the emulator was asked since the last reset, by its own count. */
  async ledger() {
    return (await fetch(`${this.emulator.url}/__emulator/ledger`)).json();
  }

  async resetLedger() {
    await fetch(`${this.emulator.url}/__emulator/ledger`, { method: 'DELETE' });
  }
}

/** That `promise` fails with an error of exactly this class of the client's, with this HTTP status and text. */
export async function failsWith(promise, Class, { status, code, message } = {}) {
  let error;
  try {
    await promise;
  } catch (caught) {
    error = caught;
  }
  assert.ok(error, `nothing failed, where ${Class.name} was expected`);
  assert.equal(error.constructor.name, Class.name, error.stack);
  if (status !== undefined) assert.equal(error.statusCode, status);
  if (code !== undefined) assert.equal(error.code, code);
  if (message !== undefined) assert.match(error.message, message);
  return error;
}

/** Looks again until `condition` holds; for what the wire has no other way to tell. */
export async function until(condition, what, tries = 200) {
  for (let i = 0; i < tries; i++) {
    const value = await condition();
    if (value) return value;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  assert.fail(`never happened: ${what}`);
}

export { sdk, assert };
