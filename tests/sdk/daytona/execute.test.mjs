import { after, before, test } from 'node:test';
import { assert, failsWith, sdk, until, World } from './world.mjs';

let world, daytona, sandbox;
before(async () => {
  world = await World.open();
  daytona = world.daytona;
  sandbox = await daytona.create({ envVars: { BASE: 'sandbox' } });
});
after(() => world.close());

const execute = (...args) => sandbox.process.executeCommand(...args);

test('a command gives its output and its exit code', async () => {
  assert.deepEqual(await execute('echo hello'), { exitCode: 0, result: 'hello\n', artifacts: { stdout: 'hello\n' } });
  assert.equal((await execute('exit 7')).exitCode, 7);
  assert.equal((await execute('no-such-program-here')).exitCode, 127);
});

test('both streams come back as one, in their order', async () => {
  const { result } = await execute('echo one; echo two >&2; echo three');
  assert.equal(result, 'one\ntwo\nthree\n');
});

test('it runs where it is told to, and otherwise in the working directory', async () => {
  assert.equal((await execute('pwd', '/tmp')).result, '/tmp\n');
  assert.equal((await execute('pwd')).result.trim(), await sandbox.getWorkDir());
  assert.equal((await execute('echo $HOME')).result.trim(), await sandbox.getUserHomeDir());
  assert.equal(await sandbox.getUserRootDir(), await sandbox.getUserHomeDir());
});

test('a directory that is not there is no error of the request', async () => {
  const { exitCode, result } = await execute('pwd', '/no/such/place');
  assert.equal(exitCode, -1);
  assert.match(result, /no such file or directory/i);
});

test('its environment adds to the sandbox\'s', async () => {
  const { result } = await execute('echo $BASE $MORE', undefined, { MORE: 'a b  c' });
  assert.equal(result, 'sandbox a b c\n');
  await failsWith(execute('true', undefined, { 'not a name': 'x' }), sdk.DaytonaValidationError, { status: 400 });
});

test('a variable set for the sandbox is there for later commands', async () => {
  await sandbox.updateEnv({ LATER: 'on' });
  assert.equal((await execute('echo $LATER')).result, 'on\n');
  await sandbox.updateEnv({}, { unset: ['LATER'] });
  assert.equal((await execute('echo "[$LATER]"')).result, '[]\n');
});

test('a timeout kills all of it, and is an error of its own', async () => {
  const error = await failsWith(
    execute('sleep 1000 & sleep 1000; echo never', undefined, undefined, 1),
    sdk.DaytonaProcessExecutionTimeoutError,
    { status: 408, code: 'PROCESS_EXECUTION_TIMEOUT' },
  );
  assert.ok(error instanceof sdk.DaytonaTimeoutError);
  assert.equal(error.source, sdk.SOURCE_DAEMON);
  assert.equal((await execute('pgrep -x sleep | wc -l')).result.trim(), '0');
});

test('a script of several lines is fed to the shell', async () => {
  const { result } = await execute('cat <<END\nin here\nEND\nfor i in 1 2; do echo $i; done');
  assert.equal(result, 'in here\n1\n2\n');
});

test('a program that reads its input eats the rest of the script', async () => {
  const { result } = await execute('cat\necho not run');
  assert.equal(result, 'echo not run');
});

test('a killed child is told as the shell tells it; a killed shell is minus one', async () => {
  assert.equal((await execute('sh -c \'kill -9 $$\'')).exitCode, 137);
  assert.equal((await execute('kill -9 $$')).exitCode, -1);
});

test('output that is no text has replacement characters', async () => {
  assert.equal((await execute('printf "a\\377b"')).result, 'a\ufffdb');
  assert.equal((await execute('printf "\\303\\244"')).result, 'ä');
});

test('much output arrives whole', async () => {
  const { result } = await execute('seq 1 200000');
  assert.equal(result.length, 1288895);
  assert.ok(result.endsWith('\n200000\n'));
});

test('what was put in the background and redirected does not hold it up, and lives on', async () => {
  const { exitCode } = await execute('nohup sh -c "sleep 0.2; echo done > late" >/dev/null 2>&1 </dev/null &');
  assert.equal(exitCode, 0);
  await until(async () => (await execute('cat late 2>/dev/null')).result === 'done\n', 'the child lives on');
});

test('the reply waits for what holds the output open', async () => {
  const { result } = await execute('(sleep 0.3; echo late) & echo early');
  assert.equal(result, 'early\nlate\n');
});

test('refused: nothing to run, and a timeout that is none', async () => {
  await failsWith(execute('  '), sdk.DaytonaValidationError, { status: 400 });
  await failsWith(execute('true', undefined, undefined, -1), sdk.DaytonaValidationError, { status: 400 });
  await failsWith(execute('true', undefined, undefined, 1.5), sdk.DaytonaValidationError, { status: 400 });
});

test('many commands at once', async () => {
  const replies = await Promise.all(Array.from({ length: 20 }, (_, i) => execute(`echo ${i}`)));
  assert.deepEqual(replies.map((one) => one.result.trim()), Array.from({ length: 20 }, (_, i) => String(i)));
});

test('python code runs with its arguments and environment', async () => {
  const code = 'import os, sys\nprint(6 * 7, sys.argv[1:], os.environ["NAME"])';
  const { exitCode, result } = await sandbox.process.codeRun(code, { argv: ['a b', 'c'], env: { NAME: 'it\'s' } });
  assert.equal(exitCode, 0);
  assert.equal(result, "42 ['a b', 'c'] it's\n");
  const failed = await sandbox.process.codeRun('raise SystemExit(3)');
  assert.equal(failed.exitCode, 3);
  const broken = await sandbox.process.codeRun('print(');
  assert.equal(broken.exitCode, 1);
  assert.match(broken.result, /SyntaxError/);
});

test('code is stopped by its timeout', async () => {
  await failsWith(
    sandbox.process.codeRun('import time\ntime.sleep(1000)', undefined, 1),
    sdk.DaytonaProcessExecutionTimeoutError,
    { status: 408 },
  );
});

test('javascript code runs where there is a Node', async (context) => {
  const other = await daytona.create({ language: 'javascript' });
  if ((await other.process.executeCommand('command -v node')).exitCode !== 0) return context.skip('no Node inside');
  const { exitCode, result } = await other.process.codeRun('console.log([1, 2].map((x) => x * 2), process.argv.slice(2))', {
    argv: ['x'],
  });
  assert.equal(exitCode, 0);
  assert.equal(result, "[ 2, 4 ] [ 'x' ]\n");
  await other.delete();
});

test('refused: code in a language that it does not know', async () => {
  const reply = await world.request('POST', world.toolbox(sandbox, '/process/code-run'), {
    body: { code: '1', language: 'cobol' },
  });
  assert.equal(reply.status, 400);
});
