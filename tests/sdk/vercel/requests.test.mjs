// How many requests the vendor's client needs for an ordinary job: what our own provider is measured against.
import { after, before, test } from 'node:test';
import { assert, sdk, World } from './world.mjs';

const { Sandbox } = sdk;
let world;
before(async () => {
  world = await World.open();
});
after(() => world.close());

test('the requests of an ordinary job', async () => {
  const table = [];
  const step = async (name, expected, work) => {
    const { result, routes } = await world.requestsOf(work);
    table.push([name, routes]);
    assert.equal(routes.length, expected, `${name}: ${routes}`);
    return result;
  };
  const name = 'ordinary';
  const sandbox = await step('create', 1, () => world.create({ name }));
  await step('first run', 1, async () => (await sandbox.runCommand('echo', ['1'])).stdout());
  await step('warm run', 1, async () => (await sandbox.runCommand('echo', ['2'])).stdout());
  // A new process knows the name only.
  await step('run from a fresh process', 2, async () => {
    const found = await Sandbox.get({ ...world.account, name });
    return (await found.runCommand('echo', ['3'])).stdout();
  });
  const files = Array.from({ length: 10 }, (_, i) => ({ path: `file-${i}`, content: `content ${i}` }));
  await step('write 10 files', 1, () => sandbox.writeFiles(files));
  await step('read one', 1, () => sandbox.readFileToBuffer({ path: 'file-7' }));
  await step('stop', 1, () => sandbox.stop());
  await step('destroy', 1, () => sandbox.delete());
  const width = Math.max(...table.map(([what]) => what.length));
  for (const [what, routes] of table) console.log(`${what.padEnd(width)}  ${routes.length}  ${routes.join(', ')}`);
  assert.equal(table.reduce((sum, [, routes]) => sum + routes.length, 0), 9);
});
