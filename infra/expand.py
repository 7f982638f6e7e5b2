"""Prints what AWS SAM makes of template.yaml, and the nested templates as they are: one JSON object, by file name.

Run with a Python that has aws-sam-cli. It needs no network and no account. The tests in tests/tests/deployment assert on what it prints; with a folder as
its argument it writes template.json and the nested templates there, for tools that read plain CloudFormation.
"""

import json
import os
import sys
from pathlib import Path

HERE = Path(__file__).parent
NESTED = ["network.yaml", "database.yaml", "web.yaml", "domain.yaml", "observability.yaml", "certificate.yaml"]

os.environ.setdefault("AWS_DEFAULT_REGION", "ap-northeast-2")

from samcli.yamlhelper import yaml_parse  # noqa: E402
from samtranslator.parser.parser import Parser  # noqa: E402
from samtranslator.translator.translator import Translator  # noqa: E402


def expanded(path: Path) -> dict:
    template = yaml_parse(path.read_text())
    for resource in template["Resources"].values():
        # A deployment uploads the code; the translator wants to see that done.
        if resource["Type"] == "AWS::Serverless::Function":
            artifact = resource["Properties"]["CodeUri"].rsplit("/", 1)[-1]
            resource["Properties"]["CodeUri"] = f"s3://artifacts/{artifact}.zip"
    return Translator(managed_policy_map=None, sam_parser=Parser()).translate(template, {})


def main() -> None:
    templates = {"template.yaml": expanded(HERE / "template.yaml")}
    templates |= {name: yaml_parse((HERE / name).read_text()) for name in NESTED}
    if len(sys.argv) > 1:
        target = Path(sys.argv[1])
        target.mkdir(parents=True, exist_ok=True)
        (target / "template.json").write_text(json.dumps(templates["template.yaml"], indent=1))
        for name in NESTED:
            (target / name).write_text((HERE / name).read_text())
        return
    json.dump(templates, sys.stdout)


main()
