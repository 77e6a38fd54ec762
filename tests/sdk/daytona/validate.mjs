// Holds what the emulator recorded against Daytona's own API descriptions. It shares no code and no opinion with mooring.
//
//   node validate.mjs [--replies] <record.jsonl>...
//
// A record is one exchange a line: {method, target, query, contentType, body, status, replyContentType, replyBody}.
// Exits with 1 when something violates them.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import Ajv from 'ajv';
import addFormats from 'ajv-formats';

/** Of a longer body the emulator records the beginning. */
const longestBody = 1 << 20;
const isCut = (body) => Buffer.byteLength(body ?? '') >= longestBody;

const read = (name) => JSON.parse(readFileSync(new URL(`spec/${name}`, import.meta.url), 'utf8'));
const escapeRegExp = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** OpenAPI's dialect as JSON Schema. What is not named is refused: a misspelt field is a defect, not an extension. */
function toJsonSchema(schema, closed) {
  if (Array.isArray(schema)) return schema.map((one) => toJsonSchema(one, closed));
  if (schema === null || typeof schema !== 'object') return schema;
  const { nullable, ...rest } = schema;
  for (const word of ['discriminator', 'readOnly', 'writeOnly', 'deprecated', 'xml']) {
    if (typeof rest[word] !== 'object' || word === 'discriminator' || word === 'xml') delete rest[word];
  }
  const converted = Object.fromEntries(
    Object.entries(rest).map(([key, value]) => {
      if (key === 'properties' || key === 'definitions') {
        return [key, Object.fromEntries(Object.entries(value).map(([name, one]) => [name, toJsonSchema(one, closed)]))];
      }
      return [key, key === 'enum' || key === 'required' ? value : toJsonSchema(value, closed)];
    }),
  );
  if (closed && converted.properties && converted.additionalProperties === undefined) converted.additionalProperties = false;
  return nullable ? { anyOf: [converted, { type: 'null' }] } : converted;
}

/** One of the two documents, ready to be asked. */
class Description {
  constructor(name, prefix) {
    this.document = read(name);
    this.prefix = prefix;
    this.definitions = this.document.definitions ?? this.document.components.schemas;
    this.compiled = new Map();
    this.engines = [true, false].map((closed) => {
      const ajv = new Ajv({ strict: false, allErrors: true, coerceTypes: false });
      addFormats(ajv);
      ajv.addFormat('float', true).addFormat('int32', true).addFormat('int64', true);
      const place = this.document.definitions ? 'definitions' : 'components';
      const all = toJsonSchema({ definitions: this.definitions }, closed).definitions;
      ajv.addSchema(place === 'definitions' ? { definitions: all } : { components: { schemas: all } }, 'document');
      return ajv;
    });
    this.operations = Object.entries(this.document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => {
        const names = [...path.matchAll(/\{(\w+)\}/g)].map((found) => found[1]);
        const pattern = new RegExp(`^${escapeRegExp(path).replace(/\\\{\w+\\\}/g, '([^/]+)')}$`);
        return { method: method.toUpperCase(), path, names, pattern, operation };
      }),
    );
    // "/sandbox/paginated" is not a sandbox named so.
    this.operations.sort((a, b) => a.names.length - b.names.length);
  }

  find(method, path) {
    return this.operations.find((one) => one.method === method && one.pattern.test(path));
  }

  /** What is wrong with `value`, as texts. */
  errors(value, schema, closed) {
    const key = `${closed} ${JSON.stringify(schema)}`;
    if (!this.compiled.has(key)) {
      const absolute = JSON.parse(JSON.stringify(toJsonSchema(schema, closed)).replaceAll('"#/', '"document#/'));
      this.compiled.set(key, this.engines[closed ? 0 : 1].compile(absolute));
    }
    const check = this.compiled.get(key);
    if (check(value)) return [];
    return check.errors.map((one) => `${one.instancePath || '/'} ${one.message}${one.params.additionalProperty ? ` (${one.params.additionalProperty})` : ''}`);
  }
}

/** A parameter's text as the value that its type says, or as it is, to be refused then. */
function typed(text, schema) {
  if (schema?.$ref) return text;
  if ((schema?.type === 'number' || schema?.type === 'integer') && text.trim() !== '' && !Number.isNaN(Number(text))) return Number(text);
  if (schema?.type === 'boolean' && (text === 'true' || text === 'false')) return text === 'true';
  return text;
}

export class Validator {
  constructor() {
    this.api = new Description('api.json', /^\/api(?=\/)/);
    this.toolbox = new Description('toolbox.json', /^\/toolbox\/[^/]+(?=\/)/);
    this.checked = 0;
  }

  /** All that is wrong with the request of one record; nothing for those that are no request of this API. */
  request(record) {
    const target = new URL(record.target, 'http://emulator');
    const description = [this.api, this.toolbox].find((one) => one.prefix.test(target.pathname));
    if (!description) return [];
    this.checked++;
    const path = target.pathname.replace(description.prefix, '');
    const found = description.find(record.method, path);
    // Older daemons know it, newer descriptions do not.
    if (!found && record.method === 'POST' && path === '/files/upload') return [];
    if (!found) return [`no operation ${record.method} ${path}`];
    return [
      ...this.#parameters(description, found, path, record.query ?? [...target.searchParams]),
      ...this.#body(description, found.operation, record),
    ];
  }

  /** All that is wrong with the reply. */
  reply(record) {
    const target = new URL(record.target, 'http://emulator');
    const description = [this.api, this.toolbox].find((one) => one.prefix.test(target.pathname));
    const found = description?.find(record.method, target.pathname.replace(description.prefix, ''));
    if (!found || record.status < 200 || record.status > 299 || !/^application\/json/.test(record.replyContentType ?? '') || isCut(record.replyBody)) return [];
    const { responses } = found.operation;
    // Several operations answer 200 where their description says 201, or the other way round.
    const response = responses[record.status] ?? responses[200] ?? responses[201];
    const schema = response?.schema ?? response?.content?.['application/json']?.schema;
    if (!schema || schema.$ref?.endsWith('gin.H')) return [];
    return description.errors(JSON.parse(record.replyBody), schema, false).map((what) => `reply ${what}`);
  }

  #parameters(description, { operation, names, pattern }, path, query) {
    const wrong = [];
    const values = pattern.exec(path).slice(1).map(decodeURIComponent);
    const known = (operation.parameters ?? []).filter((one) => one.in === 'query' || one.in === 'path');
    const schemaOf = (one) => one.schema ?? { type: one.type, enum: one.enum, items: one.items };
    for (const one of known) {
      const schema = JSON.parse(JSON.stringify(schemaOf(one)));
      const given = one.in === 'path' ? [values[names.indexOf(one.name)]] : query.filter(([name]) => name === one.name).map(([, value]) => value);
      if (given.length === 0) {
        if (one.required) wrong.push(`parameter ${one.name} is missing`);
        continue;
      }
      const value = schema.type === 'array' ? given.map((text) => typed(text, schema.items)) : typed(given[0], schema);
      if (schema.type !== 'array' && given.length > 1) wrong.push(`parameter ${one.name} is given ${given.length} times`);
      wrong.push(...description.errors(value, schema, true).map((what) => `parameter ${one.name}: ${what}`));
    }
    for (const [name] of query) {
      // Links by signature are documented beside the descriptions.
      if (['signature', 'expires'].includes(name) && /^\/files\/(download|upload-v2)$/.test(path)) continue;
      if (!known.some((one) => one.in === 'query' && one.name === name)) wrong.push(`parameter ${name} is unknown`);
    }
    return wrong;
  }

  #body(description, operation, record) {
    const type = (record.contentType ?? '').split(';')[0].trim().toLowerCase();
    const parameter = operation.parameters?.find((one) => one.in === 'body');
    const content = operation.requestBody?.content;
    const allowed = content ? Object.keys(content) : (operation.consumes ?? (parameter ? ['application/json'] : []));
    const schema = parameter?.schema ?? content?.['application/json']?.schema;
    const required = parameter?.required ?? operation.requestBody?.required ?? false;
    if (!record.body && !record.bodyBytes) return required ? ['the body is missing'] : [];
    if (allowed.length === 0) return ['a body where none belongs'];
    if (!allowed.includes(type)) return [`a body of type "${type}", where ${allowed.join(' or ')} belongs`];
    if (type === 'multipart/form-data') return this.#multipart(operation, record);
    if (isCut(record.body)) return [];
    let value;
    try {
      value = JSON.parse(record.body);
    } catch (error) {
      return [`the body is no JSON: ${error.message}`];
    }
    return schema ? description.errors(value, schema, true).map((what) => `body ${what}`) : [];
  }

  /** The names of the parts; the description of the bulk upload leaves them out, its documentation does not. */
  #multipart(operation, record) {
    const names = [...record.body.matchAll(/content-disposition: *form-data;[^\r\n]*? name="([^"]*)"/gi)].map((found) => found[1]);
    if (operation.operationId === 'UploadFiles') {
      const wrong = names.filter((name) => !/^files\[\d+\]\.(path|file)$/.test(name)).map((name) => `part ${name} is unknown`);
      names.forEach((name, i) => {
        if (name.endsWith('.file') && names[i - 1] !== name.replace('.file', '.path')) wrong.push(`part ${name} comes without its path before it`);
      });
      return wrong;
    }
    const known = (operation.parameters ?? []).filter((one) => one.in === 'formData').map((one) => one.name);
    return names.filter((name) => !known.includes(name)).map((name) => `part ${name} is unknown`);
  }
}

/** Every violation in these files, with where it is. `accepted`: only of requests that were answered well. */
export function validateFiles(files, { replies = false, accepted = false } = {}) {
  const validator = new Validator();
  const violations = [];
  for (const file of files) {
    readFileSync(file, 'utf8').split('\n').forEach((line, index) => {
      if (line === '') return;
      const record = JSON.parse(line);
      if (accepted && (record.status < 200 || record.status > 299)) return;
      const wrong = [...validator.request(record), ...(replies ? validator.reply(record) : [])];
      for (const what of wrong) violations.push({ file, line: index + 1, method: record.method, target: record.target, what });
    });
  }
  return { checked: validator.checked, violations };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const files = process.argv.slice(2).filter((one) => one !== '--replies');
  const { checked, violations } = validateFiles(files, { replies: process.argv.includes('--replies') });
  for (const { file, line, method, target, what } of violations) console.error(`${file}:${line}: ${method} ${target}: ${what}`);
  console.log(`${checked} requests, ${violations.length} violations`);
  process.exit(violations.length > 0 || checked === 0 ? 1 : 0);
}
