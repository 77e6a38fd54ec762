#!/usr/bin/env python3
"""Makes control.json from Daytona's published description of its control plane (OpenAPI 3, Apache-2.0):

  condense.py <daytona-api.json> > control.json

control.json says what a request may look like, and nothing else: for each operation that the emulator answers, its query
parameters and the schema of its body; for each schema, types, required members, enumerated values and ranges. It was
made from the document of release 0.205 (August 2026).
"""

import json
import re
import sys

EMULATED = re.compile(r"^/(sandbox|volumes|snapshots|regions|config|api-keys/current|health|object-storage)\b")
ADMINISTRATION = re.compile(r"/(for-runner|telemetry|backup|state|organization|region-quota|validate)\b|^/regions/")
KEPT = ("type", "properties", "required", "items", "additionalProperties", "enum", "minimum", "maximum", "nullable")
MORE_ADMINISTRATION = {"POST /regions"}
METHODS = ("get", "post", "put", "patch", "delete")


def condensed(schema):
    if "$ref" in schema:
        return {"is": schema["$ref"].rsplit("/", 1)[1]}
    if "allOf" in schema:
        assert len(schema["allOf"]) == 1, schema
        return condensed(schema["allOf"][0])
    result = {key: schema[key] for key in KEPT if key in schema}
    if "properties" in result:
        result["properties"] = {name: condensed(member) for name, member in result["properties"].items()}
    for inner in ("items", "additionalProperties"):
        if isinstance(result.get(inner), dict):
            result[inner] = condensed(result[inner])
    return result


def references(value):
    return set(re.findall(r'"is": "([^"]+)"', json.dumps(value)))


def operation_of(operation):
    result = {}
    query = {p["name"]: condensed(p["schema"]) for p in operation.get("parameters", []) if p["in"] == "query"}
    if query:
        result["query"] = query
        required = [p["name"] for p in operation["parameters"] if p["in"] == "query" and p.get("required")]
        if required:
            result["requiredQuery"] = required
    body = operation.get("requestBody")
    if body:
        result["body"] = condensed(body["content"]["application/json"]["schema"])
    return result


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        document = json.load(file)
    operations = {}
    for path, methods in document["paths"].items():
        if EMULATED.search(path) and not ADMINISTRATION.search(path):
            for method in METHODS:
                if method in methods and f"{method.upper()} {path}" not in MORE_ADMINISTRATION:
                    operations[f"{method.upper()} {path}"] = operation_of(methods[method])
    schemas = {}
    wanted = references(operations)
    while wanted - schemas.keys():
        for name in sorted(wanted - schemas.keys()):
            schemas[name] = condensed(document["components"]["schemas"][name])
            wanted |= references(schemas[name])
    json.dump({"operations": operations, "schemas": schemas}, sys.stdout, indent=1, sort_keys=True)
    print()


main()
