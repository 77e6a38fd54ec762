import { after, before, test } from 'node:test';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { assert, failsWith, World } from './world.mjs';

let world, sandbox;
before(async () => {
  world = await World.open();
  sandbox = await world.create();
});
after(async () => {
  await sandbox.delete();
  await world.close();
});

const every = Buffer.from(Array.from({ length: 256 }, (_, i) => i));

test('many files go in at once, with their modes and directories', async () => {
  await sandbox.writeFiles([
    { path: 'in/a.txt', content: 'text' },
    { path: '/vercel/in/deep/b.bin', content: every },
    { path: 'in/../in/run.sh', content: '#!/bin/sh\necho ran', mode: 0o755 },
    { path: 'in/empty', content: '' },
  ]);
  assert.equal(await (await sandbox.runCommand('./in/run.sh')).stdout(), 'ran\n');
  const modes = await sandbox.runCommand('stat', ['-c', '%a %U', 'in/a.txt', 'in/run.sh']);
  assert.equal(await modes.stdout(), '644 ubuntu\n755 ubuntu\n');
  assert.deepEqual(await sandbox.readFileToBuffer({ path: 'in/deep/b.bin' }), every);
  assert.equal((await sandbox.readFileToBuffer({ path: 'in/empty' })).length, 0);
  await sandbox.writeFiles([]);
});

test('a file is read as a stream, from any directory', async () => {
  await sandbox.writeFiles([{ path: 'read/me', content: 'here' }]);
  assert.equal(await text(await sandbox.readFile({ path: 'me', cwd: '/vercel/read' })), 'here');
  assert.equal(await text(await sandbox.readFile({ path: '/vercel/read/me' })), 'here');
  assert.equal(await sandbox.readFile({ path: 'nothing' }), null);
  assert.equal(await sandbox.readFileToBuffer({ path: 'nothing' }), null);
  await assert.rejects(sandbox.readFile({ path: 'read' }), /status 400/);
});

test('a file is downloaded to this machine', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'mooring-sdk-'));
  await sandbox.writeFiles([{ path: 'down', content: every }]);
  const place = { path: join(folder, 'new', 'down') };
  assert.equal(await sandbox.downloadFile({ path: 'down' }, place, { mkdirRecursive: true }), place.path);
  assert.deepEqual(await readFile(place.path), every);
  assert.equal(await sandbox.downloadFile({ path: 'nothing' }, place), null);
  await rm(folder, { recursive: true });
});

test('a large file arrives as it left', async () => {
  const large = Buffer.alloc(5_000_000);
  for (let i = 0; i < large.length; i += 4) large.writeUInt32LE((i * 2654435761) >>> 0, i);
  await sandbox.writeFiles([{ path: 'large', content: large }]);
  assert.ok(large.equals(await sandbox.readFileToBuffer({ path: 'large' })));
});

test('directories are made one at a time', async () => {
  await sandbox.mkDir('made');
  assert.ok((await sandbox.fs.stat('made')).isDirectory());
  await failsWith(sandbox.mkDir('made'), 400, 'file_error', /File exists/);
  await failsWith(sandbox.mkDir('not/there'), 400, 'file_error', /No such file or directory/);
});

test('what belongs to the system is not written', async () => {
  await failsWith(sandbox.writeFiles([{ path: '/etc/passwd', content: 'x' }]), 400, 'file_error', /\/etc\/passwd/);
});

test('fs reads, writes and appends', async () => {
  const { fs } = sandbox;
  await fs.writeFile('notes', 'one');
  await fs.appendFile('notes', ' two');
  await fs.appendFile('fresh', 'made');
  assert.equal(await fs.readFile('notes', 'utf8'), 'one two');
  assert.equal(await fs.readFile('fresh', { encoding: 'utf8' }), 'made');
  assert.ok(Buffer.isBuffer(await fs.readFile('notes')));
  await assert.rejects(fs.readFile('nothing'), { code: 'ENOENT' });
  await fs.truncate('notes', 3);
  assert.equal(await fs.readFile('notes', 'utf8'), 'one');
});

test('fs looks at things', async () => {
  const { fs } = sandbox;
  await fs.mkdir('look/deep', { recursive: true });
  await fs.writeFile('look/file', 'abc');
  await fs.symlink('file', 'look/link');
  assert.deepEqual((await fs.readdir('look')).sort(), ['deep', 'file', 'link']);
  const entries = await fs.readdir('look', { withFileTypes: true });
  const kindOf = (name) => entries.find((entry) => entry.name === name);
  assert.ok(kindOf('deep').isDirectory() && kindOf('file').isFile() && kindOf('link').isSymbolicLink());
  const stats = await fs.stat('look/link');
  assert.deepEqual([stats.size, stats.isFile(), stats.uid], [3, true, 1000]);
  assert.ok((await fs.lstat('look/link')).isSymbolicLink());
  assert.equal((await fs.readlink('look/link')).trim(), 'file');
  assert.equal((await fs.realpath('look/link')).trim(), '/vercel/look/file');
  assert.equal(await fs.exists('look/file'), true);
  assert.equal(await fs.exists('look/none'), false);
  await fs.access('look/file');
  await assert.rejects(fs.access('look/none'), { code: 'ENOENT' });
  await assert.rejects(fs.readdir('look/none'), { code: 'ENOENT' });
  await assert.rejects(fs.stat('look/none'), { code: 'ENOENT' });
});

test('fs changes things', async () => {
  const { fs } = sandbox;
  await fs.mkdir('change');
  await fs.writeFile('change/a', 'a');
  await fs.rename('change/a', 'change/b');
  await fs.copyFile('change/b', 'change/c');
  await fs.chmod('change/c', 0o600);
  assert.equal((await fs.stat('change/c')).mode & 0o777, 0o600);
  await fs.chown('change/c', 1000, 1000);
  await fs.unlink('change/b');
  await assert.rejects(fs.rmdir('change'), { code: 'ENOTEMPTY' });
  await fs.rm('change', { recursive: true, force: true });
  assert.equal(await fs.exists('change'), false);
  await fs.mkdir('empty');
  await fs.rmdir('empty');
  await assert.rejects(fs.unlink('change/b'), { code: 'ENOENT' });
  const made = (await fs.mkdtemp('/tmp/suite-')).trim();
  assert.match(made, /^\/tmp\/suite-/);
});

test('an archive is checked before it is believed', async () => {
  const path = `/v2/sandboxes/sessions/${sandbox.currentSession().sessionId}/fs/write`;
  const headers = { 'content-type': 'application/gzip', 'x-cwd': '/' };
  assert.equal((await world.request('POST', path, { body: 'no archive', headers })).status, 400);
  const plain = await world.request('POST', path, { body: '{}', headers: { 'content-type': 'application/json' } });
  assert.equal(plain.status, 400);
});
