// Counts what the suite does: distinct calls of a vendor's client, and assertions that held. run.py adds the files up.
import strict from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

const calls = new Set();
let assertions = 0;

const counted = (check) =>
  function (...args) {
    const result = check(...args);
    if (typeof result?.then === 'function') return result.then((value) => (assertions++, value));
    assertions++;
    return result;
  };

/** node:assert/strict, counted. */
export const assert = new Proxy(counted(strict), {
  get: (_, name) => (typeof strict[name] === 'function' ? counted(strict[name]) : strict[name]),
});

/** Makes every public method of these classes note that it was called. */
export function watch(...classes) {
  for (const watched of classes) {
    for (const [name, property] of Object.entries(Object.getOwnPropertyDescriptors(watched.prototype))) {
      if (name === 'constructor' || name.startsWith('_') || typeof property.value !== 'function') continue;
      watched.prototype[name] = function (...args) {
        calls.add(`${watched.name}.${name}`);
        return property.value.apply(this, args);
      };
    }
  }
}

process.on('exit', () => {
  const folder = process.env.MOORING_SDK_COUNTS;
  if (folder) writeFileSync(join(folder, `${process.pid}.json`), JSON.stringify({ calls: [...calls], assertions }));
});
