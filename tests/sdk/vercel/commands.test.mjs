import { after, before, test } from 'node:test';
import { PassThrough } from 'node:stream';
import { assert, failsWith, sdk, until, World } from './world.mjs';

const { StreamError } = sdk;
let world, sandbox;
before(async () => {
  world = await World.open();
  sandbox = await world.create({ env: { FROM: 'sandbox' } });
});
after(async () => {
  await sandbox.delete();
  await world.close();
});

test('a command gives its exit code and both streams', async () => {
  const result = await sandbox.runCommand('sh', ['-c', 'echo out; echo err >&2; exit 7']);
  assert.equal(result.exitCode, 7);
  assert.equal(await result.stdout(), 'out\n');
  assert.equal(await result.stderr(), 'err\n');
  assert.equal(await result.output(), 'out\nerr\n');
  assert.match(result.cmdId, /^cmd_[0-9a-f]{28}$/);
  assert.equal(result.cwd, '/vercel');
  assert.ok(result.durationMs >= 0);
  assert.ok(Math.abs(result.startedAt - Date.now()) < 60_000);
});

test('arguments, directory and environment arrive as they are', async () => {
  const args = ['a b', "it's", '$HOME', 'two\nlines', '\u{1F6A2}', ''];
  const printed = await sandbox.runCommand('printf', ['[%s]', ...args]);
  assert.equal(await printed.stdout(), args.map((arg) => `[${arg}]`).join(''));
  const placed = await sandbox.runCommand({
    cmd: 'sh',
    args: ['-c', 'pwd; echo $FROM $OWN'],
    cwd: '/tmp',
    env: { OWN: 'command', FROM: 'command' },
  });
  assert.equal(await placed.stdout(), '/tmp\ncommand command\n');
});

test('sudo is root, and without it one is not', async () => {
  assert.equal(await (await sandbox.runCommand('id', ['-u'])).stdout(), '1000\n');
  assert.equal(await (await sandbox.runCommand({ cmd: 'id', args: ['-u'], sudo: true })).stdout(), '0\n');
});

test('output is handed on while it comes', async () => {
  const seen = [];
  const stdout = new PassThrough();
  stdout.on('data', (data) => seen.push(String(data)));
  const script = 'echo first; while [ ! -e go ]; do sleep 0.02; done; echo second';
  const running = sandbox.runCommand({ cmd: 'sh', args: ['-c', script], stdout });
  await until(() => seen.join('') === 'first\n', 'the first line');
  await sandbox.runCommand('touch', ['go']);
  assert.equal((await running).exitCode, 0);
  assert.equal(seen.join(''), 'first\nsecond\n');
});

test('a program or a directory that is not there is refused', async () => {
  await failsWith(sandbox.runCommand('no-such-program'), 400, 'executable_not_found', /no-such-program/);
  await failsWith(sandbox.runCommand({ cmd: 'true', cwd: '/nowhere' }), 400, 'file_error', /nowhere/);
});

test('a command that takes too long is killed', async () => {
  const result = await sandbox.runCommand({ cmd: 'sh', args: ['-c', 'echo begun; sleep 60'], timeoutMs: 400 });
  assert.equal(result.exitCode, 137);
  assert.equal(await result.stdout(), 'begun\n');
});

test('a detached command is waited for and read afterwards', async () => {
  const command = await sandbox.runCommand({ cmd: 'sh', args: ['-c', 'echo later; echo bad >&2; exit 4'], detached: true });
  assert.equal(command.exitCode, null);
  const finished = await command.wait();
  assert.equal(finished.exitCode, 4);
  assert.equal(await finished.stdout(), 'later\n');
  assert.equal(await finished.stderr(), 'bad\n');
  const lines = [];
  for await (const line of command.logs()) lines.push(line);
  assert.deepEqual(lines.map((line) => line.stream).sort(), ['stderr', 'stdout']);
  const found = await sandbox.getCommand(command.cmdId);
  assert.equal(found.exitCode, 4);
});

test('logs are replayed from the start for everyone', async () => {
  const script = 'for i in 1 2 3; do echo $i; done; while [ ! -e over ]; do sleep 0.02; done; echo 4';
  const command = await sandbox.runCommand({ cmd: 'sh', args: ['-c', script], detached: true });
  const early = command.logs();
  assert.equal((await early.next()).value.data[0], '1');
  early.close();
  const whole = command.stdout();
  await sandbox.runCommand('touch', ['over']);
  assert.equal(await whole, '1\n2\n3\n4\n');
  assert.equal(await (await sandbox.getCommand(command.cmdId)).output('stdout'), '1\n2\n3\n4\n');
});

test('a detached command fills the streams it is given', async () => {
  let seen = '';
  const stdout = new PassThrough();
  stdout.on('data', (data) => (seen += data));
  const command = await sandbox.runCommand({ cmd: 'echo', args: ['streamed'], detached: true, stdout });
  await command.wait();
  await until(() => seen === 'streamed\n', 'its line');
  assert.equal(seen, 'streamed\n');
});

test('signals arrive, and how it ended is told', async () => {
  const start = (script) => sandbox.runCommand({ cmd: 'sh', args: ['-c', script], detached: true });
  const ready = (command) => command.logs().next();
  const killed = await start('echo on; sleep 60');
  await ready(killed);
  await killed.kill('SIGKILL');
  assert.equal((await killed.wait()).exitCode, 137);
  const ended = await start('echo on; exec sleep 60');
  await ready(ended);
  await ended.kill();
  assert.equal((await ended.wait()).exitCode, 143);
  const trapped = await start('trap "exit 9" INT; echo on; while :; do sleep 0.02; done');
  await ready(trapped);
  await trapped.kill('SIGINT');
  assert.equal((await trapped.wait()).exitCode, 9);
  await trapped.kill();
});

test('a client that leaves does not take its command along', async () => {
  const leaving = new AbortController();
  const script = 'echo $$ > pid; while [ ! -e leave ]; do sleep 0.02; done; echo done > result';
  const running = sandbox.runCommand({ cmd: 'sh', args: ['-c', script], signal: leaving.signal });
  running.catch(() => {});
  await until(() => sandbox.fs.exists('pid'), 'its start');
  leaving.abort();
  await assert.rejects(running);
  await sandbox.runCommand('touch', ['leave']);
  await until(() => sandbox.fs.exists('result'), 'its end');
  assert.equal(await sandbox.fs.readFile('result', 'utf8'), 'done\n');
});

test('much output arrives whole', async () => {
  const result = await sandbox.runCommand('sh', ['-c', 'head -c 2000000 /dev/zero | tr "\\0" x']);
  assert.equal((await result.stdout()).length, 2_000_000);
});

test('commands side by side do not disturb each other', async () => {
  const numbers = Array.from({ length: 20 }, (_, i) => i);
  const results = await Promise.all(numbers.map((n) => sandbox.runCommand('sh', ['-c', `echo ${n}; exit ${n}`])));
  assert.deepEqual(results.map((result) => result.exitCode), numbers);
  assert.deepEqual(await Promise.all(results.map((result) => result.stdout())), numbers.map((n) => `${n}\n`));
});

test('a command whose session ends tells so in its stream', async () => {
  const other = await world.create();
  const running = other.runCommand('sh', ['-c', 'echo on; sleep 60']);
  running.catch(() => {});
  await until(async () => (await world.ledger()).commands.some((one) => one.sandbox === other.name), 'its start');
  await other.stop();
  const error = await running.then(() => assert.fail('it ended'), (caught) => caught);
  assert.ok(error instanceof StreamError, error.stack);
  assert.equal(error.code, 'sandbox_stream_closed');
  await other.delete();
});

test('a command nobody started is not found', async () => {
  await failsWith(sandbox.getCommand('cmd_nobody'), 404, 'not_found');
});
