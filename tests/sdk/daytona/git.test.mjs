import { after, before, test } from 'node:test';
import { assert, failsWith, sdk, World } from './world.mjs';

let world, sandbox, git, home;
before(async () => {
  world = await World.open();
  sandbox = await world.daytona.create();
  git = sandbox.git;
  home = await sandbox.getWorkDir();
  await shell(`
    git init -q --bare -b main origin.git
    git init -q -b main seed && cd seed
    git config user.name Seed && git config user.email seed@example.com
    echo one > one.txt && git add . && git commit -qm first
    git checkout -qb other && echo two > two.txt && git add . && git commit -qm second && git checkout -q main
    git push -q ../origin.git main other`);
});
after(() => world.close());

const shell = async (command) => {
  const { exitCode, result } = await sandbox.process.executeCommand(`sh -ec '${command}' </dev/null`);
  assert.equal(exitCode, 0, result);
  return result;
};

test('a repository is cloned, and its state told', async () => {
  await git.clone(`${home}/origin.git`, 'work');
  const status = await git.status('work');
  assert.equal(status.currentBranch, 'main');
  assert.deepEqual(status.fileStatus, []);
  assert.equal(status.ahead, 0);
  assert.equal(status.behind, 0);
  assert.equal(status.branchPublished, true);
});

test('a branch can be cloned, or only the newest of it', async () => {
  await git.clone(`${home}/origin.git`, 'branch', 'other');
  assert.equal((await git.status('branch')).currentBranch, 'other');
  await git.clone(`file://${home}/origin.git`, 'shallow', 'other', undefined, undefined, undefined, undefined, 1);
  assert.equal((await shell('git -C shallow rev-list --count HEAD')).trim(), '1');
});

test('what is changed, staged and committed is told apart', async () => {
  await shell('cd work && echo more >> one.txt && echo new > new.txt && echo staged > staged.txt');
  await git.add('work', ['staged.txt']);
  const { fileStatus } = await git.status('work');
  const of = (name) => fileStatus.find((one) => one.name === name);
  assert.equal(of('one.txt').worktree, 'Modified');
  assert.equal(of('staged.txt').staging, 'Added');
  assert.equal(of('new.txt').worktree, 'Untracked');
  await git.add('work', ['.']);
  const { sha } = await git.commit('work', 'by the suite', 'Ada', 'ada@example.com');
  assert.equal(sha, (await shell('git -C work rev-parse HEAD')).trim());
  assert.equal((await shell('git -C work log -1 --format=%an:%ae:%s')).trim(), 'Ada:ada@example.com:by the suite');
  assert.equal((await git.status('work')).ahead, 1);
  await git.commit('work', 'nothing in it', 'Ada', 'ada@example.com', true);
  assert.equal((await git.status('work')).ahead, 2);
});

test('commits are pushed and pulled', async () => {
  await git.push('work');
  assert.equal((await git.status('work')).ahead, 0);
  await git.clone(`${home}/origin.git`, 'second');
  await shell('cd work && echo again > again.txt');
  await git.add('work', ['again.txt']);
  await git.commit('work', 'again', 'Ada', 'ada@example.com');
  await git.push('work');
  await git.pull('second');
  assert.equal(await shell('cat second/again.txt'), 'again\n');
});

test('branches are listed, made, entered and removed', async () => {
  await git.createBranch('work', 'topic');
  await git.checkoutBranch('work', 'topic');
  assert.equal((await git.status('work')).currentBranch, 'topic');
  const { branches } = await git.branches('work');
  assert.ok(branches.includes('topic') && branches.includes('main'));
  await git.checkoutBranch('work', 'main');
  await git.deleteBranch('work', 'topic');
  assert.ok(!(await git.branches('work')).branches.includes('topic'));
});

test('a repository starts here, with remotes and a configuration', async () => {
  await git.init('fresh', false, 'trunk');
  await git.remoteAdd('fresh', 'origin', `${home}/origin.git`);
  assert.deepEqual((await git.remotes('fresh')).remotes, [{ name: 'origin', url: `${home}/origin.git` }]);
  assert.equal(await git.remoteGet('fresh', 'origin'), `${home}/origin.git`);
  await git.configureUser('Grace', 'grace@example.com', 'local', 'fresh');
  await git.setConfig('mooring.colour', 'blue', 'local', 'fresh');
  assert.equal(await git.getConfig('user.name', 'local', 'fresh'), 'Grace');
  assert.equal(await git.getConfig('mooring.colour', 'local', 'fresh'), 'blue');
  assert.equal((await shell('git -C fresh symbolic-ref HEAD')).trim(), 'refs/heads/trunk');
});

test('changes are taken back', async () => {
  await shell('cd work && echo spoilt > one.txt');
  await git.restore('work', ['one.txt']);
  assert.doesNotMatch(await shell('cat work/one.txt'), /spoilt/);
  await shell('cd work && echo spoilt > one.txt && git add one.txt');
  await git.reset('work', 'hard', 'HEAD');
  assert.deepEqual((await git.status('work')).fileStatus, []);
});

test('refused: what is no repository, no branch, or there already', async () => {
  await failsWith(git.status('seed/.git/hooks/..//nowhere'), sdk.DaytonaGitRepoNotFoundError, { status: 404 });
  await failsWith(git.checkoutBranch('work', 'nowhere'), sdk.DaytonaGitBranchNotFoundError, { status: 404 });
  await failsWith(git.createBranch('work', 'main'), sdk.DaytonaGitBranchExistsError, { status: 409 });
  await failsWith(git.clone(`${home}/absent.git`, 'x'), sdk.DaytonaGitRepoNotFoundError, { status: 404 });
});

test('refused: a push that would lose what others pushed', async () => {
  await shell('cd second && git config user.name S && git config user.email s@example.com && echo s > s.txt && git add . && git commit -qm s && git push -q');
  await shell('cd work && echo w > w.txt');
  await git.add('work', ['w.txt']);
  await git.commit('work', 'w', 'Ada', 'ada@example.com');
  await failsWith(git.push('work'), sdk.DaytonaGitPushRejectedError, { status: 409 });
});
