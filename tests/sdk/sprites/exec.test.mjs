// Commands over a WebSocket: what the client makes of them.
import { after, before, test } from 'node:test';
import { assert, collect, exec, failure, next, sdk, until, World } from './world.mjs';

let world, client, sprite;
before(async () => {
  // The client takes what it reads at once for one frame: on a busy machine that takes longer pauses.
  world = await World.open({ framePauseMs: 100 });
  client = world.client();
  sprite = await client.createSprite('runs');
});
after(() => world.close());

test('exec splits at white space and knows no quotes', async () => {
  const result = await sprite.exec("printf [%s] a 'b  c'");
  assert.equal(result.stdout, "[a]['b][c']");
  assert.equal(result.exitCode, 0);
  assert.equal(result.stderr, '');
});

test('arguments, directory and environment arrive as they are', async () => {
  const args = ['a b', "it's", '$HOME', 'two\nlines', '\u{1F6A2}', '', '-n', 'a+b&c=d%20'];
  const printed = await sprite.execFile('printf', ['[%s]', ...args]);
  assert.equal(printed.stdout, args.map((arg) => `[${arg}]`).join(''));
  assert.equal((await sprite.execFile('pwd')).stdout, '/home/sprite\n');
  assert.equal((await sprite.execFile('pwd', [], { cwd: '/tmp' })).stdout, '/tmp\n');
});

test('given variables take the place of all others', async () => {
  assert.match((await sprite.execFile('env')).stdout, /^PATH=\/home\/sprite\/\.local\/bin:/m);
  const { stdout } = await sprite.execFile('env', [], { env: { A: 'one=1', B: 'two words' } });
  assert.deepEqual(stdout.trim().split('\n').sort(), ['A=one=1', 'B=two words', 'HOME=/home/sprite']);
});

test('an exit code is an error with all that was printed', async () => {
  const error = await failure(sprite.execFile('sh', ['-c', 'echo out; echo err >&2; exit 7']));
  assert.ok(error instanceof sdk.ExecError);
  assert.equal(error.exitCode, 7);
  assert.equal(error.stdout, 'out\n');
  assert.equal(error.stderr, 'err\n');
  assert.match(error.message, /exit code 7/);
});

test('what cannot start', async () => {
  const missing = await failure(sprite.execFile('no-such-program'));
  assert.equal(missing.exitCode, 127);
  assert.match(missing.stderr, /no-such-program/);
  // The client does not look at text messages without a terminal: what the server says is lost.
  const nowhere = await failure(sprite.execFile('true', [], { cwd: '/nowhere' }));
  assert.equal(nowhere.exitCode, -1);
  const gone = await failure(client.sprite('absent').execFile('true'));
  assert.match(gone.message, /WebSocket/);
});

test('an environment that is too long for an address is refused', async () => {
  const error = await failure(sprite.execFile('true', [], { env: { LONG: 'x'.repeat(41_000) } }));
  assert.match(error.message, /WebSocket/);
});

test('bytes stay bytes', async () => {
  const script = 'head -c 1000000 /dev/urandom | tee f | sha256sum >&2; cat f';
  const { stdout, stderr } = await sprite.execFile('sh', ['-c', script], { encoding: 'buffer' });
  assert.equal(stdout.length, 1_000_000);
  const { createHash } = await import('node:crypto');
  assert.equal(createHash('sha256').update(stdout).digest('hex'), String(stderr).split(' ')[0]);
  assert.equal((await sprite.execFile('printf', ['\\351'], { encoding: 'latin1' })).stdout, '\u00e9');
});

test('more than the client holds is its own error', async () => {
  const error = await failure(sprite.execFile('head', ['-c', '200000', '/dev/zero'], { maxBuffer: 100_000 }));
  assert.match(error.message, /stdout maxBuffer exceeded/);
  const other = await failure(sprite.execFile('sh', ['-c', 'head -c 200000 /dev/zero >&2'], { maxBuffer: 100_000 }));
  assert.match(other.message, /stderr maxBuffer exceeded/);
});

test('a spawned command streams, is typed to and ends', async () => {
  const command = sprite.spawn('sh', ['-c', 'echo ready; while read -r line; do echo "got $line"; done; echo end']);
  const seen = collect(command);
  await next(command, 'spawn');
  await until(() => seen.stdout === 'ready\n', 'the first line');
  command.stdin.write('one\n');
  await until(() => seen.stdout.endsWith('got one\n'), 'the answer');
  command.stdin.write('two\n');
  command.stdin.end();
  assert.equal(await command.wait(), 0);
  assert.equal(seen.stdout, 'ready\ngot one\ngot two\nend\n');
  assert.equal(command.exitCode(), 0);
  assert.deepEqual(seen.errors, []);
});

test('a megabyte in one message', async () => {
  const command = sprite.spawn('wc', ['-c']);
  const seen = collect(command);
  await next(command, 'spawn');
  command.stdin.write(Buffer.alloc(1 << 20, 'x'));
  command.stdin.end();
  assert.equal(await command.wait(), 0);
  assert.equal(seen.stdout.trim(), '1048576');
});

test('the client does not wait for the server to hang up', async () => {
  const begun = Date.now();
  await sprite.execFile('true');
  assert.ok(Date.now() - begun < 4_000, 'the server lingers for five seconds');
});

test('signals reach the command', async () => {
  for (const [signal, code] of [['SIGTERM', 143], ['TERM', 143], ['SIGINT', 130], ['SIGKILL', 137]]) {
    const command = sprite.spawn('sh', ['-c', 'echo up; sleep 60']);
    const seen = collect(command);
    await until(() => seen.stdout === 'up\n', 'the command');
    command.signal(signal);
    assert.equal(await command.wait(), code, signal);
  }
  const command = sprite.spawn('sh', ['-c', "trap 'echo caught; exit 9' TERM; echo up; while :; do sleep 0.02; done"]);
  const seen = collect(command);
  await until(() => seen.stdout === 'up\n', 'the command');
  command.kill();
  assert.equal(await command.wait(), 9);
  assert.equal(seen.stdout, 'up\ncaught\n');
});

test('parallel commands have a connection each', async () => {
  const numbers = Array.from({ length: 20 }, (_, i) => String(i));
  const { result, sockets } = await world.costOf(() =>
    Promise.all(numbers.map((number) => sprite.execFile('echo', [number]))),
  );
  assert.deepEqual(result.map(({ stdout }) => stdout.trim()), numbers);
  assert.equal(sockets, 20);
});

test('a terminal shows one stream, echoes and is resized', async () => {
  const command = sprite.spawn('sh', ['-c', 'stty size; read -r x; stty size; echo "got $x"; exit 3'], { tty: true, rows: 30, cols: 90 });
  const seen = collect(command);
  const messages = [];
  command.on('message', (message) => messages.push(message));
  await until(() => seen.stdout.includes('30 90\r\n'), 'the first size');
  command.resize(100, 40);
  command.stdin.write('typed\n');
  // The connection drops without a good-bye; of the exit code that the text told the client keeps nothing.
  assert.equal(await command.wait(), 1);
  assert.match(seen.stdout, /40 100\r\n/);
  assert.match(seen.stdout, /got typed\r\n/);
  const exit = messages.find((message) => message.type === 'exit');
  assert.deepEqual(exit, { type: 'exit', exit_code: 3 });
  const info = messages.find((message) => message.type === 'session_info');
  assert.deepEqual([info.tty, info.cols, info.rows, info.is_owner], [true, 90, 30, true]);
  assert.deepEqual(messages.map((message) => message.type), ['debug', 'session_info', 'debug', 'exit']);
});

test('bash is a shell on a terminal', async () => {
  const command = sprite.createSession('bash', ['--norc'], { env: { PS1: '$ ' } });
  const seen = collect(command);
  await until(() => seen.stdout.includes('$ '), 'the prompt');
  command.stdin.write('echo $((6 * 7)); exit\n');
  await command.wait();
  assert.match(seen.stdout, /\r\n42\r\n/);
});

test('a command that ended before the socket attached is replayed, cut and in one stream', async () => {
  await world.misbehave(exec, 'fast-path');
  const { stdout, stderr } = await sprite.execFile('sh', ['-c', 'head -c 100000 /dev/zero; echo err >&2'], { encoding: 'buffer' });
  assert.equal(stdout.length, 65_536);
  assert.ok(String(stdout).endsWith('err\n'));
  assert.equal(stderr.length, 0);
});

test('an exit that is told in text only is no exit to the client', async () => {
  await world.misbehave(exec, 'no-exit');
  assert.equal((await failure(sprite.execFile('echo', ['said']))).exitCode, -1);
  await world.misbehave(exec, 'exit-text-first');
  assert.equal((await sprite.execFile('echo', ['said'])).stdout, 'said\n');
});

test('a connection that breaks in the middle is exit code -1 and an error without a word', async () => {
  const command = sprite.spawn('sh', ['-c', 'echo up; sleep 60']);
  const seen = collect(command);
  await until(() => seen.stdout === 'up\n', 'the command');
  await world.disturb('GET /v1/sprites/{name}', 'dropped');
  await client.getSprite('runs');
  assert.equal(await command.wait(), -1);
  assert.match(seen.errors[0].message, /^WebSocket error: .*\/v1\/sprites\/runs\/exec/);
  await world.strike({ route: 'GET /v1/sprites/\\{name\\}/exec', action: 'cutBody', bytes: 1000 });
  const error = await failure(sprite.execFile('head', ['-c', '100000', '/dev/zero']));
  assert.match(error.message, /^WebSocket error: /);
});

test('an upgrade that is lost, or refused, is an error with the whole address', async () => {
  await world.strike({ route: 'GET /v1/sprites/\\{name\\}/exec', action: 'loseReply' });
  const lost = await failure(sprite.execFile('true', [], { env: { SECRET: 'in-the-open' } }));
  assert.match(lost.message, /in-the-open/);
  await world.strike({ route: 'GET /v1/sprites/\\{name\\}/exec', action: 'status', status: 503 });
  assert.match((await failure(sprite.execFile('true'))).message, /WebSocket/);
});

test('over HTTP a frame is a chunk', async () => {
  const result = await sprite.execFileHTTP('sh', ['-c', 'echo out; sleep 0.05; echo err >&2'], { cwd: '/tmp', env: { PATH: '/usr/bin:/bin' } });
  assert.deepEqual(result, { stdout: 'out\n', stderr: 'err\n', exitCode: 0 });
  const echoed = await sprite.execFileHTTP('cat', [], { input: 'typed', encoding: 'buffer' });
  assert.equal(String(echoed.stdout), 'typed');
  const error = await failure(sprite.execFileHTTP('sh', ['-c', 'exit 5']));
  assert.ok(error instanceof sdk.ExecError);
  assert.equal(error.exitCode, 5);
  const late = await failure(sprite.execFileHTTP('sleep', ['60'], { timeout: 300 }));
  assert.equal(late.name, 'TimeoutError');
  assert.ok((await failure(sprite.execFileHTTP('true', [], { timeout: -1 }))) instanceof TypeError);
});

test('over HTTP what is on the way can spoil it', async () => {
  await world.misbehave('POST /v1/sprites/{name}/exec', 'coalesce');
  assert.match((await failure(sprite.execFileHTTP('sh', ['-c', 'echo a; sleep 0.05; echo b >&2']))).message, /exit frame/);
  await world.misbehave('POST /v1/sprites/{name}/exec', 'split');
  const error = await failure(sprite.execFileHTTP('sh', ['-c', 'head -c 300000 /dev/zero | tr "\\0" a']));
  assert.match(error.message, /Unsupported HTTP exec frame type 0x61/);
});

test('control mode is not offered: the client falls back, and dials twice each time', async () => {
  const controlled = world.client(undefined, { controlMode: true }).sprite('runs');
  assert.equal(controlled.useControlMode(), true);
  const { result, routes } = await world.costOf(() => controlled.execFile('echo', ['fallen back']));
  assert.equal(result.stdout, 'fallen back\n');
  assert.deepEqual(routes, ['GET /v1/sprites/{name}/control', exec]);
  assert.match((await failure(controlled.getControlConnection())).message, /WebSocket/);
  assert.equal(controlled.hasControlConnection(), false);
  controlled.closeControlConnection();
});
