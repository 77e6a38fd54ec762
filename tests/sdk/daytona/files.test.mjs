import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { after, before, test } from 'node:test';
import { assert, failsWith, sdk, World } from './world.mjs';

let world, sandbox, fs, here;
before(async () => {
  world = await World.open();
  sandbox = await world.daytona.create();
  fs = sandbox.fs;
  here = await mkdtemp(join(tmpdir(), 'mooring-sdk-files-'));
});
after(async () => {
  await rm(here, { recursive: true, force: true });
  await world.close();
});

const shell = async (command) => (await sandbox.process.executeCommand(command)).result;
const text = async (path) => (await fs.downloadFile(path)).toString();

test('a file goes up and comes down, byte for byte', async () => {
  const bytes = randomBytes(300_000);
  await fs.uploadFile(bytes, 'up/and/down.bin');
  assert.ok((await fs.downloadFile('up/and/down.bin')).equals(bytes));
  assert.equal((await shell('sha256sum < up/and/down.bin')).slice(0, 64), createHash('sha256').update(bytes).digest('hex'));
});

test('an empty file is a file', async () => {
  await fs.uploadFile(Buffer.alloc(0), 'empty');
  assert.equal((await fs.getFileDetails('empty')).size, 0);
  assert.equal((await fs.downloadFile('empty')).length, 0);
});

test('a local file goes up, and comes down as one', async () => {
  await writeFile(join(here, 'local.txt'), 'from this machine');
  await fs.uploadFile(join(here, 'local.txt'), '/tmp/remote.txt');
  await fs.downloadFile('/tmp/remote.txt', join(here, 'sub', 'back.txt'));
  assert.equal(await readFile(join(here, 'sub', 'back.txt'), 'utf8'), 'from this machine');
});

test('uploading again replaces what was there', async () => {
  await fs.uploadFile(Buffer.from('a longer text'), 'replaced');
  await fs.uploadFile(Buffer.from('short'), 'replaced');
  assert.equal(await text('replaced'), 'short');
});

test('many files go up in one request, and come down in one', async () => {
  const files = Array.from({ length: 12 }, (_, i) => ({ source: Buffer.from(`file ${i}`), destination: `many/of them/${i} ä.txt` }));
  await fs.uploadFiles(files);
  const back = await fs.downloadFiles(files.map(({ destination }) => ({ source: destination })));
  assert.deepEqual(back.map((one) => one.result.toString()), files.map((one) => one.source.toString()));
  assert.ok(back.every((one) => one.error === undefined));
});

test('some of the files may be missing, and only these fail', async () => {
  await fs.uploadFile(Buffer.from('here'), 'present');
  const [present, missing, directory] = await fs.downloadFiles([{ source: 'present' }, { source: 'absent' }, { source: '/tmp' }]);
  assert.equal(present.result.toString(), 'here');
  assert.equal(missing.errorDetails.statusCode, 404);
  assert.equal(missing.errorDetails.code, 'FILE_NOT_FOUND');
  assert.equal(directory.errorDetails.statusCode, 400);
  assert.equal(directory.errorDetails.code, 'INVALID_FILE_PATH');
  await failsWith(fs.downloadFile('absent'), sdk.DaytonaFileNotFoundError, { status: 404 });
});

test('what of an upload succeeded is told when a part fails', async () => {
  await fs.uploadFile(Buffer.from('x'), 'a-file');
  const error = await failsWith(
    fs.uploadFiles([
      { source: Buffer.from('1'), destination: 'goes/up' },
      { source: Buffer.from('2'), destination: 'a-file/cannot/be/a/directory' },
    ]),
    sdk.DaytonaValidationError,
    { status: 400 },
  );
  assert.match(error.message, /a-file\/cannot/);
  assert.equal(await text('goes/up'), '1');
});

test('streams go both ways, with their progress', async () => {
  const bytes = randomBytes(700_000);
  let sent = 0, received = 0, total;
  const pieces = Readable.from((function* () { for (let i = 0; i < bytes.length; i += 50_000) yield bytes.subarray(i, i + 50_000); })());
  await fs.uploadFileStream(pieces, 'streamed', { onProgress: ({ bytesSent }) => (sent = bytesSent) });
  const stream = await fs.downloadFileStream('streamed', { onProgress: (progress) => ({ bytesReceived: received, totalBytes: total } = progress) });
  const chunks = [];
  for await (const chunk of stream) chunks.push(chunk);
  assert.ok(Buffer.concat(chunks).equals(bytes));
  assert.deepEqual([sent, received, total], [bytes.length, bytes.length, bytes.length]);
  await failsWith(fs.downloadFileStream('absent'), sdk.DaytonaFileNotFoundError);
});

test('a directory is listed with what each thing is', async () => {
  await shell('mkdir -p listed/inner && printf abc > listed/file && chmod 640 listed/file && printf x > listed/inner/deep');
  const entries = await fs.listFiles('listed');
  assert.deepEqual(entries.map((one) => one.name).sort(), ['file', 'inner']);
  const file = entries.find((one) => one.name === 'file');
  assert.equal(file.size, 3);
  assert.equal(file.isDir, false);
  assert.equal(file.permissions, '0640');
  assert.equal(file.mode, '-rw-r-----');
  assert.ok(!Number.isNaN(Date.parse(file.modifiedAt)));
  assert.equal(entries.find((one) => one.name === 'inner').isDir, true);
  const deep = await fs.listFiles('listed', { depth: 2 });
  assert.ok(deep.some((one) => one.name === 'deep'));
  await failsWith(fs.listFiles('listed', { depth: 0 }), sdk.DaytonaError);
  await failsWith(fs.listFiles('nowhere'), sdk.DaytonaFileNotFoundError, { status: 404 });
});

test('details tell what a path is', async () => {
  await shell('mkdir -p told && printf hello > told/file && chmod 755 told/file');
  const file = await fs.getFileDetails('told/file');
  assert.equal(file.name, 'file');
  assert.equal(file.size, 5);
  assert.equal(file.isDir, false);
  assert.equal(file.mode, '-rwxr-xr-x');
  assert.equal(file.permissions, '0755');
  assert.ok(file.owner.length > 0 && file.group.length > 0);
  const folder = await fs.getFileDetails('told');
  assert.equal(folder.isDir, true);
  assert.match(folder.mode, /^d/);
  await failsWith(fs.getFileDetails('told/nothing'), sdk.DaytonaFileNotFoundError, { status: 404 });
});

test('a folder is made with its parents and its mode, once or again', async () => {
  await fs.createFolder('made/by/name', '750');
  await fs.createFolder('made/by/name', '750');
  assert.equal((await fs.getFileDetails('made/by/name')).permissions, '0750');
  await failsWith(fs.createFolder('made/odd', 'rwx'), sdk.DaytonaValidationError, { status: 400 });
});

test('files move; what is in the way or missing is told', async () => {
  await fs.uploadFile(Buffer.from('moving'), 'from-here');
  await fs.createFolder('moved', '755');
  await fs.moveFiles('from-here', 'moved/to-there');
  assert.equal(await text('moved/to-there'), 'moving');
  await failsWith(fs.getFileDetails('from-here'), sdk.DaytonaFileNotFoundError);
  await fs.uploadFile(Buffer.from('x'), 'in-the-way');
  await failsWith(fs.moveFiles('moved/to-there', 'in-the-way'), sdk.DaytonaConflictError, { status: 409 });
  await failsWith(fs.moveFiles('nothing', 'moved/x'), sdk.DaytonaFileNotFoundError, { status: 404 });
});

test('permissions are set as they are written', async () => {
  await fs.uploadFile(Buffer.from('x'), 'strict');
  await fs.setFilePermissions('strict', { mode: '600' });
  assert.equal((await fs.getFileDetails('strict')).permissions, '0600');
  await failsWith(fs.setFilePermissions('strict', { mode: 'rw-' }), sdk.DaytonaValidationError, { status: 400 });
  await failsWith(fs.setFilePermissions('nothing', { mode: '600' }), sdk.DaytonaFileNotFoundError, { status: 404 });
});

test('files are found by name', async () => {
  await shell('mkdir -p searched/sub && touch searched/a.py searched/sub/b.py searched/c.txt');
  const { files } = await fs.searchFiles('searched', '*.py');
  assert.deepEqual(files.map((one) => one.split('/').at(-1)).sort(), ['a.py', 'b.py']);
});

test('lines are found by what they hold', async () => {
  await shell('mkdir -p found && printf "one\\nTODO: two\\nthree\\n" > found/a && printf "TODO again" > found/b');
  const matches = await fs.findFiles('found', 'TODO');
  assert.deepEqual(matches.map((one) => [one.file.split('/').at(-1), one.line, one.content]).sort(), [
    ['a', 2, 'TODO: two'],
    ['b', 1, 'TODO again'],
  ]);
});

test('texts are replaced in many files; each tells how it went', async () => {
  await fs.uploadFiles([
    { source: Buffer.from('red and red'), destination: 'r/one' },
    { source: Buffer.from('no match'), destination: 'r/two' },
  ]);
  const results = await fs.replaceInFiles(['r/one', 'r/two', 'r/none'], 'red', 'blue');
  assert.equal(results.length, 3);
  assert.equal(await text('r/one'), 'blue and blue');
  assert.equal(await text('r/two'), 'no match');
  assert.deepEqual(results.map((one) => one.success), [true, true, false]);
  assert.ok(results[2].error.length > 0);
});

test('deleting a directory needs to be said', async () => {
  await shell('mkdir -p doomed/inner && touch doomed/inner/file single');
  await fs.deleteFile('single');
  await failsWith(fs.getFileDetails('single'), sdk.DaytonaFileNotFoundError);
  await failsWith(fs.deleteFile('doomed'), sdk.DaytonaValidationError, { status: 400 });
  await fs.deleteFile('doomed', true);
  await failsWith(fs.getFileDetails('doomed'), sdk.DaytonaFileNotFoundError);
  await failsWith(fs.deleteFile('doomed'), sdk.DaytonaFileNotFoundError, { status: 404 });
});

test('a plain download knows ranges', async () => {
  await fs.uploadFile(Buffer.from('0123456789'), 'digits');
  const url = world.toolbox(sandbox, '/files/download?path=digits');
  const whole = await world.request('GET', url);
  assert.equal(whole.status, 200);
  assert.match(whole.headers.get('content-disposition'), /^attachment/);
  assert.equal(await whole.text(), '0123456789');
  const part = await world.request('GET', url, { headers: { Range: 'bytes=3-5' } });
  assert.equal(part.status, 206);
  assert.equal(part.headers.get('content-range'), 'bytes 3-5/10');
  assert.equal(await part.text(), '345');
  const beyond = await world.request('GET', url, { headers: { Range: 'bytes=20-' } });
  assert.equal(beyond.status, 416);
});

test('both single uploads work, past the client', async () => {
  for (const name of ['upload', 'upload-v2']) {
    const form = new FormData();
    form.append('file', new Blob(['by form']), 'form.txt');
    const reply = await fetch(world.toolbox(sandbox, `/files/${name}?path=${name}.txt`), {
      method: 'POST',
      headers: { Authorization: 'Bearer dtn_for_the_suite' },
      body: form,
    });
    assert.equal(reply.status, 200);
    assert.equal(await text(`${name}.txt`), 'by form');
  }
});

test('a link made of a signature alone works both ways', async () => {
  const form = new FormData();
  form.append('file', new Blob(['signed']), 'x');
  const sent = await fetch(await sandbox.uploadUrl('signed file.txt', 60), { method: 'POST', body: form });
  assert.equal(sent.status, 200);
  const got = await fetch(await sandbox.downloadUrl('signed file.txt', 60));
  assert.equal(await got.text(), 'signed');
  const forged = (await sandbox.downloadUrl('signed file.txt', 60)).replace('signed+file', 'other+file');
  assert.equal((await fetch(forged, { redirect: 'manual' })).status, 401);
  await sandbox.rotateSigningKey();
});
