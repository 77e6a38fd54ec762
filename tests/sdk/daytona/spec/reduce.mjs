// Makes api.json and toolbox.json from the documents as Daytona publishes them:
//   node reduce.mjs <openapi.json> api.json && node reduce.mjs <swagger.json> toolbox.json
// Keeps what decides whether a request or a reply is valid: no prose, no examples, no administration, and of the
// definitions those that are still referred to.
import { readFileSync, writeFileSync } from 'node:fs';

const administration =
  /^\/(admin|organizations|runners|users|webhooks|audit|jobs|docker-registry|warm-pools|shared-regions|computeruse)\b/;
const prose = new Set(['description', 'summary', 'example', 'examples', 'tags', 'externalDocs', 'x-enum-varnames']);

/** `names`: the keys of this object are names of the document's own, not words of its format. */
function reduced(value, names = false) {
  if (Array.isArray(value)) return value.map((item) => reduced(item));
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => names || !prose.has(key))
      .map(([key, member]) => [key, reduced(member, key === 'properties' || key === 'definitions' || key === 'schemas')]),
  );
}

function references(value, found) {
  for (const [, name] of JSON.stringify(value).matchAll(/"\$ref":"#\/(?:definitions|components\/schemas)\/([^"]+)"/g)) found.add(name);
  return found;
}

const [from, to] = process.argv.slice(2);
const { info, ...whole } = JSON.parse(readFileSync(from, 'utf8'));
const { title, version, license } = info;
const paths = Object.fromEntries(Object.entries(whole.paths).filter(([path]) => !administration.test(path)));
const definitions = whole.components?.schemas ?? whole.definitions;
const used = references(paths, new Set());
for (const name of used) references(definitions[name], used);
const kept = Object.fromEntries(Object.entries(definitions).filter(([name]) => used.has(name)));
const head = whole.openapi ? { openapi: whole.openapi } : { swagger: whole.swagger };
const tail = whole.openapi ? { components: { schemas: kept } } : { definitions: kept };
writeFileSync(to, `${JSON.stringify({ ...head, info: { title, version, license }, ...reduced({ paths, ...tail }) }, null, 1)}\n`);
