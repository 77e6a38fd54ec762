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

function watchMethods(owner, prefix) {
  for (const [name, property] of Object.entries(Object.getOwnPropertyDescriptors(owner))) {
    if (name === 'constructor' || name.startsWith('_') || typeof property.value !== 'function') continue;
    owner[name] = function (...args) {
      calls.add(`${prefix}.${name}`);
      return property.value.apply(this, args);
    };
  }
}

/** Makes every public method of these classes note that it was called. */
export function watch(...classes) {
  for (const watched of classes) watchMethods(watched.prototype, watched.name);
}

/** The same for what is called on the classes themselves. */
export function watchStatics(...classes) {
  for (const watched of classes) watchMethods(watched, watched.name);
}

process.on('exit', () => {
  const folder = process.env.MOORING_SDK_COUNTS;
  if (folder) writeFileSync(join(folder, `${process.pid}.json`), JSON.stringify({ calls: [...calls], assertions }));
});
