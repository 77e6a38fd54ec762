// Files, as the client's imitation of node:fs has them.
import { after, before, test } from 'node:test';
import { assert, failure, next, sdk, until, World } from './world.mjs';

let world, client, sprite, fs;
before(async () => {
  world = await World.open({ lookMs: 20 });
  client = world.client();
  sprite = await client.createSprite('files');
  fs = sprite.filesystem('/home/sprite');
});
after(() => world.close());

const stat = async (path, format) => (await sprite.execFile('stat', ['-c', format, path])).stdout.trim();

async function failsAs(promise, code, text) {
  const error = await failure(promise);
  assert.ok(error instanceof sdk.FilesystemError, error.stack);
  assert.equal(error.code, code);
  if (text) assert.match(error.message, text);
  return error;
}

test('what is written is read', async () => {
  await fs.writeFile('deep/er/text', 'text\n');
  assert.equal(await fs.readFile('deep/er/text', 'utf8'), 'text\n');
  assert.equal(await sprite.filesystem().readFile('/home/sprite/deep/er/text', 'utf8'), 'text\n');
  const bytes = Buffer.from(Array.from({ length: 1 << 20 }, (_, i) => (i * 7) & 255));
  await fs.writeFile('bytes', bytes);
  assert.ok((await fs.readFile('bytes')).equals(bytes));
  await fs.writeFile('empty', '');
  assert.equal((await fs.readFile('empty')).length, 0);
  await fs.writeFile('näme \u{1F6A2}', 'x');
  assert.equal(await fs.readFile('näme \u{1F6A2}', 'utf8'), 'x');
});

test('a mode is given or usual, also to a file that had another', async () => {
  await fs.writeFile('moded', 'x', { mode: 0o600 });
  assert.equal(await stat('moded', '%a'), '600');
  await fs.writeFile('moded', 'y');
  assert.equal(await stat('moded', '%a'), '644');
  await fs.chmod('moded', 0o755);
  assert.equal(await stat('moded', '%a'), '755');
  await failsAs(fs.chmod('absent', 0o755), 'ENOENT');
  await fs.writeFile('tree/a/b', 'x');
  await fs.chmod('tree', 0o700, { recursive: true });
  assert.equal(await stat('tree/a/b', '%a'), '700');
});

test('a link is written through', async () => {
  await sprite.execFile('ln', ['-s', 'target', 'link']);
  await fs.writeFile('link', 'through');
  assert.equal(await fs.readFile('target', 'utf8'), 'through');
});

test('a directory is listed', async () => {
  await fs.writeFile('list/b.txt', '12345');
  await fs.writeFile('list/sub/c.md', 'x');
  await sprite.execFile('ln', ['-s', 'b.txt', 'list/l']);
  assert.deepEqual(await fs.readdir('list'), ['b.txt', 'l', 'sub']);
  const entries = await fs.readdir('list', { withFileTypes: true });
  assert.deepEqual(
    entries.map((entry) => [entry.name, entry.isFile(), entry.isDirectory(), entry.isSymbolicLink(), entry.parentPath]),
    [
      ['b.txt', true, false, false, 'list'],
      ['l', false, false, true, 'list'],
      ['sub', false, true, false, 'list'],
    ],
  );
  assert.deepEqual(await fs.readdir('list', { recursive: true }), ['b.txt', 'l', 'sub', 'c.md']);
  assert.deepEqual(await fs.readdir('list', { recursive: true, pattern: '*.md' }), ['c.md']);
  const reply = await world.request('GET', '/v1/sprites/files/fs/list?path=list&workingDir=/home/sprite');
  const { path, count, entries: raw } = await reply.json();
  assert.deepEqual([path, count], ['/home/sprite/list', 3]);
  assert.deepEqual(
    [raw[0].path, raw[0].type, raw[0].size, raw[0].mode, raw[0].isDir],
    ['/home/sprite/list/b.txt', 'file', 5, '0644', false],
  );
});

test('an empty directory has null for entries, on which the client breaks', async () => {
  await fs.mkdir('hollow');
  assert.ok((await failure(fs.readdir('hollow'))) instanceof TypeError);
  assert.ok((await failure(fs.stat('hollow'))) instanceof TypeError);
});

test('stat tells of a file, and of a directory\'s first entry', async () => {
  await fs.writeFile('about/one', '123', { mode: 0o640 });
  const file = await fs.stat('about/one');
  assert.deepEqual([file.size, file.mode, file.isFile(), file.isDirectory(), file.isSymbolicLink()], [3, 0o640, true, false, false]);
  assert.ok(Math.abs(file.mtime - Date.now()) < 60_000);
  assert.equal((await fs.stat('about')).size, 3);
  await failsAs(fs.stat('about/none'), 'ENOENT', /no such file or directory/);
  assert.equal(await fs.exists('about/one'), true);
  assert.equal(await fs.exists('about/none'), false);
});

test('directories are made by way of a file', async () => {
  const { requests } = await world.costOf(() => fs.mkdir('made/deep', { recursive: true, mode: 0o755 }));
  assert.equal(requests, 2);
  assert.equal(await stat('made/deep', '%F'), 'directory');
  assert.equal((await sprite.execFile('ls', ['-A', 'made/deep'])).stdout, '');
});

test('what is removed is gone', async () => {
  await fs.writeFile('rm/a', 'x');
  await failsAs(fs.rm('rm'), 'ENOTEMPTY', /directory not empty/);
  await fs.rm('rm/a');
  await fs.rm('rm');
  assert.equal(await fs.exists('rm'), false);
  await fs.writeFile('rm/b/c', 'x');
  await fs.rm('rm', { recursive: true, asRoot: true });
  await failsAs(fs.rm('rm'), 'ENOENT');
  await fs.rm('rm', { force: true });
  await failsAs(fs.readFile('rm'), 'ENOENT');
});

test('files are renamed and copied', async () => {
  await fs.writeFile('from', 'x', { mode: 0o700 });
  await fs.writeFile('old', 'y');
  await fs.rename('from', 'old');
  assert.equal(await fs.readFile('old', 'utf8'), 'x');
  assert.equal(await fs.exists('from'), false);
  await failsAs(fs.rename('from', 'to'), 'ENOENT');
  await fs.copyFile('old', 'copy', { preserveAttrs: true });
  assert.equal(await stat('copy', '%a'), '700');
  await fs.writeFile('trees/a/b', 'z');
  await failsAs(fs.copyFile('trees', 'trees2'), 'EISDIR');
  await fs.copyFile('trees', 'trees2', { recursive: true });
  assert.equal(await fs.readFile('trees2/a/b', 'utf8'), 'z');
  await failsAs(fs.copyFile('none', 'copy'), 'ENOENT');
});

test('owners can be said, by number or name, and not be given away', async () => {
  await fs.writeFile('owned', 'x');
  await fs.chown('owned', { uid: 1000, gid: 1000 });
  await fs.chown('owned', { uid: 'sprite' });
  await failsAs(fs.chown('owned', { uid: 12345 }), 'EINVAL');
  await failsAs(fs.chown('owned', { uid: 'nobody-known' }), 'EINVAL');
  assert.ok((await failure(fs.chown('owned', {}))) instanceof TypeError);
});

test('appending reads and writes', async () => {
  const { requests } = await world.costOf(() => fs.appendFile('log', 'a'));
  assert.equal(requests, 2);
  await fs.appendFile('log', Buffer.from('b'));
  assert.equal(await fs.readFile('log', 'utf8'), 'ab');
});

test('JSON there and back', async () => {
  await fs.writeJSON('data.json', { a: [1, 2] }, { spaces: 2 });
  assert.deepEqual(await fs.readJSON('data.json'), { a: [1, 2] });
  assert.equal(await fs.readFile('data.json', 'utf8'), '{\n  "a": [\n    1,\n    2\n  ]\n}');
});

test('a directory is no file', async () => {
  await fs.writeFile('dir/f', 'x');
  await failsAs(fs.readFile('dir'), 'EISDIR', /is a directory/);
  await failsAs(fs.writeFile('dir', 'x'), 'EISDIR');
  await failsAs(sprite.filesystem('/').writeFile('/proc/none', 'x'), 'UNKNOWN').catch(() => {});
});

test('errors without a code leave the client in the dark', async () => {
  await world.misbehave('GET /v1/sprites/{name}/fs/list', 'no-code');
  const error = await failsAs(fs.exists('absent'), 'UNKNOWN', /no such file/);
  assert.equal(error.path, '/home/sprite/absent');
  await failsAs(client.sprite('absent').filesystem().readFile('x'), 'UNKNOWN', /sprite not found/);
  const reply = await world.request('GET', '/v1/sprites/files/fs/read?path=absent&workingDir=/home/sprite');
  assert.equal(reply.status, 404);
  assert.deepEqual(await reply.json(), {
    error: 'open /home/sprite/absent: no such file or directory',
    path: '/home/sprite/absent',
    code: 'ENOENT',
  });
});

test('changes are watched', async () => {
  await fs.writeFile('watched/old', '1');
  const watcher = await fs.watch('watched', { recursive: true });
  const events = [];
  assert.deepEqual((await watcher.next()).paths, ['/home/sprite/watched']);
  watcher.on('event', (event) => events.push(`${event.event} ${event.path.split('/').pop()}`));
  await fs.writeFile('watched/sub/new', '12');
  await until(() => events.includes('create new') && events.includes('create sub'), 'the creation');
  await fs.writeFile('watched/old', '22');
  await until(() => events.includes('write old'), 'the change');
  await fs.chmod('watched/old', 0o600);
  await until(() => events.includes('chmod old'), 'the mode');
  await fs.rm('watched/old');
  await until(() => events.includes('remove old'), 'the removal');
  assert.equal(watcher.isClosed(), false);
  watcher.close();
  assert.equal(watcher.isClosed(), true);
  const several = await fs.watch(['watched', 'absent']);
  const first = await several.next();
  assert.equal(first.type, 'subscribed');
  assert.equal(first.paths.length, 2);
  several.close();
});

test('a watch ends when its sprite pauses', async () => {
  const watcher = await fs.watch('/home/sprite');
  await watcher.next();
  await world.disturb('GET /v1/sprites/{name}', 'warm');
  const closed = next(watcher, 'close');
  await client.getSprite('files');
  await closed;
});
