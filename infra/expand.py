"""Prints template.yaml, expanded by AWS SAM, and the nested templates as one JSON object by file name.

Needs a Python with aws-sam-cli, but no network and no account. The tests in tests/deployment read
its output. With a folder as argument, it writes template.json and the nested templates to that folder,
for tools that read plain CloudFormation.
"""

import json
import os
import sys
from pathlib import Path

os.environ.setdefault("AWS_DEFAULT_REGION", "ap-northeast-2")

from samcli.yamlhelper import yaml_parse  # noqa: E402
from samtranslator.parser.parser import Parser  # noqa: E402
from samtranslator.translator.translator import Translator  # noqa: E402

HERE = Path(__file__).parent


def expanded(template: dict) -> dict:
    for resource in template["Resources"].values():
        # The translator requires the code to be uploaded already, as in a deployment.
        if resource["Type"] == "AWS::Serverless::Function":
            artifact = resource["Properties"]["CodeUri"].rsplit("/", 1)[-1]
            resource["Properties"]["CodeUri"] = f"s3://artifacts/{artifact}.zip"
    # Where SAM evaluates Fn::Sub itself, as in the CORS configuration, it inserts this text, which
    # leaves the evaluation to the deployment.
    parameters = {"AllowedOrigins": "${AllowedOrigins}"}
    return Translator(managed_policy_map=None, sam_parser=Parser()).translate(template, parameters)


def templates(folder: Path) -> dict[str, dict]:
    """Returns the templates of a folder by file name. The root template is expanded."""
    found = {}
    for path in sorted(folder.glob("*.yaml")):
        text = path.read_text()
        if text.startswith("AWSTemplateFormatVersion:"):
            template = yaml_parse(text)
            found[path.name] = expanded(template) if "Transform" in template else template
    return found


def main() -> None:
    found = templates(HERE)
    if len(sys.argv) == 1:
        json.dump(found, sys.stdout)
        return
    target = Path(sys.argv[1])
    target.mkdir(parents=True, exist_ok=True)
    for name, template in found.items():
        if name == "template.yaml":
            (target / "template.json").write_text(json.dumps(template, indent=1))
        else:
            (target / name).write_text((HERE / name).read_text())


if __name__ == "__main__":
    main()
