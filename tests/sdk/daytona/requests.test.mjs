// How many requests the vendor's client makes for one job, by the emulator's own count.
import { after, before, test } from 'node:test';
import { assert, World } from './world.mjs';

let world;
before(async () => (world = await World.open('--set', 'looks=0')));
after(() => world.close());

/** The job, step by step; each gives what the next ones need. */
const job = [
  ['create', async (job) => (job.sandbox = await job.client.create({ name: 'counted' }))],
  ['first run', (job) => job.sandbox.process.executeCommand('echo one')],
  ['warm run', (job) => job.sandbox.process.executeCommand('echo two')],
  [
    'run from a fresh process',
    async (job) => (await job.fresh().get('counted')).process.executeCommand('echo three'),
  ],
  [
    'write 10 files',
    (job) => job.sandbox.fs.uploadFiles(Array.from({ length: 10 }, (_, i) => ({ source: Buffer.from(`${i}`), destination: `f/${i}` }))),
  ],
  ['read one', (job) => job.sandbox.fs.downloadFile('f/3')],
  ['stop', (job) => job.sandbox.stop()],
  ['destroy', (job) => job.sandbox.delete(60, true)],
];

async function counted(options) {
  const state = { client: world.client(options), fresh: () => world.client(options) };
  const counts = {};
  for (const [name, step] of job) {
    await world.resetLedger();
    await step(state);
    const { counts: routes } = await world.ledger();
    // The event stream is no request of the step that happens to be at work when it is tried again.
    counts[name] = Object.entries(routes).reduce((sum, [route, count]) => sum + (/socket\.io|^$/.test(route) ? 0 : count), 0);
  }
  return counts;
}

test('the same job, counted', async () => {
  const events = await counted({ useDeprecatedPolling: false });
  const polling = await counted({ useDeprecatedPolling: true });
  const width = Math.max(...job.map(([name]) => name.length));
  console.log(`${'requests'.padEnd(width)}  events  polling`);
  for (const [name] of job) console.log(`${name.padEnd(width)}  ${String(events[name]).padStart(6)}  ${String(polling[name]).padStart(7)}`);
  for (const counts of [events, polling]) {
    assert.ok(counts.create >= 1);
    assert.equal(counts['first run'], 1);
    assert.equal(counts['warm run'], 1);
    assert.equal(counts['run from a fresh process'], 2);
    assert.equal(counts['write 10 files'], 1);
    assert.equal(counts['read one'], 1);
    assert.ok(counts.stop >= 2);
    assert.ok(counts.destroy >= 2);
  }
});
