// Starts an emulator as users do: `mooring emulate <vendor> --port 0`.
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** A running emulator: `url` is its origin, `home` a folder of its own, where it runs. */
export class Emulator {
  static async start(vendor, ...flags) {
    const home = await mkdtemp(join(tmpdir(), `mooring-sdk-${vendor}-`));
    const child = spawn(process.env.MOORING_CLI, ['emulate', vendor, '--port', '0', ...flags], {
      cwd: home,
      env: { ...process.env, HOME: home, XDG_STATE_HOME: join(home, 'state'), TMPDIR: home },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const ended = new Promise((resolve) => child.once('close', (code, signal) => resolve(signal ?? code)));
    const spawned = new Promise((_, reject) => child.once('error', reject));
    const lines = createInterface({ input: child.stdout });
    const told = new Promise((resolve) => {
      lines.on('line', (line) => {
        const found = /https?:\/\/[\w.[\]:-]+:\d+/.exec(line);
        if (found) resolve(found[0]);
      });
    });
    const gone = ended.then((how) => {
      throw new Error(`mooring emulate ${vendor} ended (${how}) before it told its address`);
    });
    gone.catch(() => {});
    try {
      const url = await Promise.race([told, gone, spawned]);
      return new Emulator(child, ended, url, home);
    } catch (error) {
      child.kill('SIGKILL');
      await rm(home, { recursive: true, force: true });
      throw error;
    }
  }

  constructor(child, ended, url, home) {
    Object.assign(this, { child, ended, url, home });
  }

  /** Ends it as a user would, and tells how it ended: 0 is what it should be. */
  async stop() {
    this.child.kill('SIGTERM');
    return this.ended;
  }

  /** Removes its folder. */
  async clean() {
    await rm(this.home, { recursive: true, force: true });
  }
}
