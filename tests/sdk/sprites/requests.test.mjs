// How many requests and connections the vendor's client needs for an ordinary job: what our own provider is measured
// against.
import { after, before, test } from 'node:test';
import { all, assert, World } from './world.mjs';

let world;
// The client takes what it reads at once for one frame: on a busy machine that takes longer pauses.
before(async () => (world = await World.open({ framePauseMs: 100 })));
after(() => world.close());

test('the requests and sockets of an ordinary job', async () => {
  const table = [];
  const step = async (name, requests, sockets, work) => {
    const cost = await world.costOf(work);
    table.push([name, cost.requests, cost.sockets, cost.routes]);
    assert.deepEqual([cost.requests, cost.sockets], [requests, sockets], `${name}: ${cost.routes}`);
    return cost.result;
  };
  const client = world.client();
  const sprite = await step('create', 1, 0, () => client.createSprite('counted'));
  await step('first run', 0, 1, () => sprite.execFile('echo', ['1']));
  await step('warm run', 0, 1, () => sprite.execFile('echo', ['2']));
  // A name is all that a handle needs.
  await step('run from a fresh process', 0, 1, () => world.client().sprite('counted').execFile('echo', ['3']));
  await step('run over HTTP', 1, 0, () => sprite.execFileHTTP('echo', ['4']));
  const fs = sprite.filesystem('/home/sprite');
  await step('write 10 files', 10, 0, () => Promise.all(Array.from({ length: 10 }, (_, i) => fs.writeFile(`f/${i}`, `${i}`))));
  await step('read one', 1, 0, () => fs.readFile('f/3'));
  await step('list', 1, 0, () => fs.readdir('f'));
  await step('make a directory', 2, 0, () => fs.mkdir('d'));
  await step('append', 2, 0, () => fs.appendFile('f/3', 'x'));
  await step('checkpoint', 1, 0, async () => all(await sprite.createCheckpoint('counted')));
  await step('ten runs at a time', 0, 10, () => Promise.all(Array.from({ length: 10 }, () => sprite.execFile('true'))));
  // There is no stop: a sprite sleeps by itself.
  await step('stop', 0, 0, async () => {});
  await step('destroy', 1, 0, () => sprite.delete());
  const width = Math.max(...table.map(([name]) => name.length));
  console.log(`${''.padEnd(width)}  requests  sockets`);
  for (const [name, requests, sockets, routes] of table)
    console.log(`${name.padEnd(width)}  ${String(requests).padStart(8)}  ${String(sockets).padStart(7)}  ${[...new Set(routes)].join(', ')}`);
});

test('requests share a connection, sockets have one each', async () => {
  const client = world.client();
  const sprite = await client.createSprite('connected');
  const before = (await world.ledger()).connections;
  for (let i = 0; i < 5; i++) await client.getSprite('connected');
  assert.equal((await world.ledger()).connections, before);
  for (let i = 0; i < 5; i++) await sprite.execFile('true');
  // A WebSocket takes an idle connection, if there is one, and leaves none behind.
  const opened = (await world.ledger()).connections - before;
  assert.ok(opened >= 4 && opened <= 6, `${opened} new connections for five sockets and a look at the ledger`);
  await sprite.delete();
});
