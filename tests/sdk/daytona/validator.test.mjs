// That the validator can fail: each request here is right but for one thing.
import { test } from 'node:test';
import { assert } from '../support/count.mjs';
import { Validator } from './validate.mjs';

const validator = new Validator();
const json = (method, target, body) => ({ method, target, contentType: 'application/json', body: JSON.stringify(body) });
const wrong = (record) => validator.request(record).join('; ');

const create = { name: 'a', labels: { mooring: 'x' }, env: {}, autoStopInterval: 30, autoDeleteInterval: 0 };
const upload = (...names) => ({
  method: 'POST',
  target: '/toolbox/1f/files/bulk-upload',
  contentType: 'multipart/form-data; boundary=b',
  body: names.map((name) => `--b\r\nContent-Disposition: form-data; name="${name}"\r\n\r\nx\r\n`).join('') + '--b--\r\n',
});

for (const [what, record] of [
  ['a creation', json('POST', '/api/sandbox', create)],
  ['a command', json('POST', '/toolbox/1f/process/execute', { command: 'true', cwd: '/tmp', envs: { A: 'b' }, timeout: 3 })],
  ['a listing', { method: 'GET', target: '/api/sandbox?limit=200&sort=createdAt&labels=%7B%7D&states=started&states=stopped' }],
  ['an interval in the path', { method: 'POST', target: '/api/sandbox/x/autodelete/-1' }],
  ['a bulk upload', upload('files[0].path', 'files[0].file', 'files[1].path', 'files[1].file')],
  ['what is none of this API', { method: 'GET', target: '/_emulator/ledger' }],
]) {
  test(`valid: ${what}`, () => assert.equal(wrong(record), ''));
}

for (const [what, record, message] of [
  ['a field that is unknown', json('POST', '/api/sandbox', { ...create, ephemeral: true }), /ephemeral/],
  ['a field of the wrong type', json('POST', '/api/sandbox', { ...create, autoStopInterval: '30' }), /autoStopInterval must be/],
  ['a field within a field', json('POST', '/api/sandbox', { ...create, buildInfo: { dockerfile: 'x' } }), /dockerfile/],
  ['a label that is no text', json('POST', '/api/sandbox', { ...create, labels: { a: 1 } }), /labels\/a/],
  ['a missing field', json('POST', '/toolbox/1f/process/execute', { cwd: '/tmp' }), /command/],
  ['half a second', json('POST', '/toolbox/1f/process/execute', { command: 'x', timeout: 0.5 }), /timeout/],
  ['an operation that is not there', { method: 'PATCH', target: '/api/sandbox/x' }, /no operation/],
  ['a parameter that is unknown', { method: 'GET', target: '/api/sandbox?colour=blue' }, /colour/],
  ['a parameter out of range', { method: 'GET', target: '/api/sandbox?limit=201' }, /limit/],
  ['a state that is none', { method: 'GET', target: '/api/sandbox?states=asleep' }, /states/],
  ['a parameter that is missing', { method: 'GET', target: '/toolbox/1f/files/download' }, /path/],
  ['a number that is none', { method: 'POST', target: '/api/sandbox/x/autostop/soon' }, /interval/],
  ['a body without its type', { ...json('POST', '/toolbox/1f/process/execute', { command: 'x' }), contentType: '' }, /type/],
  ['a body that is no JSON', { ...json('POST', '/api/sandbox', {}), body: '{' }, /JSON/],
  ['a body where none belongs', json('POST', '/api/sandbox/x/start', { now: true }), /none belongs/],
  ['a body that is missing', { method: 'POST', target: '/toolbox/1f/process/execute' }, /missing/],
  ['a file before its path', upload('files[0].file', 'files[0].path'), /before it/],
]) {
  test(`caught: ${what}`, () => assert.match(wrong(record), message));
}
