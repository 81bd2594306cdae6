#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Holds docs/lab.schema.json against the good labs, the examples, and labs with a mistake a schema can see."""
import json
import pathlib
import sys

import jsonschema
import yaml

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent

# Mistakes of form; mistakes of content (unknown nodes, addresses) are for `catenet check`.
BROKEN = [
    "bad_link", "bad_matrix", "bad_name", "bad_probability", "bad_rate", "bad_types", "event_nodes",
    "event_times", "events_not_a_list", "matrix_list", "missing_unit", "no_nodes", "unknown_key",
    "unknown_kind", "unknown_link_key", "unknown_unit",
]


class Loader(yaml.SafeLoader):
    """Plain words stay words: Catenet reads 'yes' and '02:00:00:01:00:00' as text where text is expected."""


Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers
            if tag in ("tag:yaml.org,2002:null", "tag:yaml.org,2002:bool", "tag:yaml.org,2002:merge")]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def load(path):
    return yaml.load(path.read_text(encoding="utf-8"), Loader)


def main():
    schema = json.loads((ROOT / "docs/lab.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    failures = 0
    for path in sorted(HERE.glob("testdata/good/*.yaml")) + sorted(ROOT.glob("examples/*.yaml")):
        for error in validator.iter_errors(load(path)):
            print(f"{path.name}: {'/'.join(map(str, error.absolute_path))}: {error.message}")
            failures += 1
    for name in BROKEN:
        if validator.is_valid(load(HERE / f"testdata/broken/{name}.yaml")):
            print(f"{name}.yaml: the schema accepts it")
            failures += 1
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
