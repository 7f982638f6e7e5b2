"""Runs the commands of docs/operations.md against moto's server, which imitates AWS.

The commands of each section run in one shell, in their order: the blocks, and the commands of `aws` and `gh`
in the text. `aws` is the real command line. cloudformation deploys the templates without the types of resources
that moto does not know. Commands that moto does not know are only parsed, and `gh` and `psql` are stand-ins.

Needs a Python with aws-sam-cli and moto[server], and the command line as its argument, but no network and no
account.
"""

import json
import logging
import os
import re
import shutil
import subprocess
import sys
import tempfile
import textwrap
import urllib.request
import uuid
import warnings
from pathlib import Path

from rehearse import BEFORE, Rehearsal, upload

import boto3
from moto.cloudformation import responses
from moto.cloudformation.models import Stack
from moto.cloudformation.responses import StackResourceDTO
from moto.core.common_models import CloudFormationModel
from moto.core.config import default_user_config
from moto.secretsmanager.models import secretsmanager_backends
from moto.server import ThreadedMotoServer

from expand import HERE, templates

# moto lists resources whose condition is false as None, and then fails.
Stack.stack_resources = property(lambda stack: [resource for resource in stack.resource_map.values() if resource])


class ShownResource(StackResourceDTO):
    """A resource with its name, which moto omits for some types."""

    def __init__(self, stack, resource) -> None:
        super().__init__(stack, resource)
        self.physical_resource_id = self.physical_resource_id or resource.name


responses.StackResourceDTO = ShownResource

DOCUMENT = HERE.parent / "docs/operations.md"
STACK = "chatchat-prod"
# The section whose commands run first in each shell.
PRELUDE = "Names in the commands"
# Operations that moto does not have, or that do not go to moto but to the address in their argument
# (sqs). The command line checks their arguments.
ONLY_PARSED = [
    "cloudformation continue-update-rollback",
    "rds start-db-instance-automated-backups-replication",
    "sqs purge-queue",
]

AWS = """#!/bin/bash
# Version 1 has no such option, and always reads the payload as text.
for argument; do
  shift
  case "$argument" in
    (--cli-binary-format | raw-in-base64-out) ;;
    (*) set -- "$@" "$argument" ;;
  esac
done
case "$1 $2" in
  ({parsed}) exec {aws} "$@" --generate-cli-skeleton output ;;
esac
echo "$1 $2" >>{log}
exec {aws} "$@"
"""
# Answers as GitHub. Accepts only known forms of commands, bodies that are JSON, workflows that exist, and
# their inputs.
GH = r"""#!/bin/bash
repository='repos/[A-Za-z0-9._-]+/[A-Za-z0-9._-]+'
json() { python3 -m json.tool >/dev/null; }
is() { [[ "$line" =~ ^$1$ ]]; }
line="$*"
if is "api $repository --jq .owner.id, .id" || is "api $repository --jq .owner.id"; then echo 123456
elif is "api $repository --jq .id"; then echo 456789
elif is "api --method PUT $repository/environments/[a-z]+ --input -" || is "api --method POST $repository/rulesets --input -"; then json
elif is "api --method POST $repository/environments/[a-z]+/deployment-branch-policies -f name=[^ ]+ -f type=(branch|tag)"; then :
elif is "variable set [A-Z_]+ --repo [^ ]+/[^ ]+ (--env [a-z]+ )?--body .+"; then grep -rqF "vars.$3 " {workflows}
elif is "attestation verify [^ ]+ --repo [^ ]+/[^ ]+"; then :
elif is "workflow run [a-z.]+ --ref v[0-9.]+( -f [a-z]+=[a-z]+)+"; then exec {python} - "{workflows}/$3" "${@:6}" <<'EOF'
import sys, yaml
from pathlib import Path
inputs = yaml.safe_load(Path(sys.argv[1]).read_text())[True]["workflow_dispatch"]["inputs"]
given = dict(one.split("=") for one in sys.argv[2:] if one != "-f")
assert all(value in inputs[name]["options"] for name, value in given.items())
assert all(name in given for name, one in inputs.items() if one["required"])
EOF
else
  echo "gh $line: this form is not known" >&2
  exit 1
fi
"""
PSQL = """#!/bin/bash
[[ "$1" == host=*dbname=*user=*sslmode=require ]]
"""


class Secret(CloudFormationModel):
    """The type of secrets, which moto's cloudformation does not know."""

    # moto derives the service from the module.
    __module__ = "moto.secretsmanager.runbooks"

    @staticmethod
    def cloudformation_name_type() -> str:
        return "Name"

    @staticmethod
    def cloudformation_type() -> str:
        return "AWS::SecretsManager::Secret"

    def __init__(self, arn: str) -> None:
        self.physical_resource_id = arn

    @classmethod
    def create_from_cloudformation_json(cls, resource_name, cloudformation_json, account_id, region_name, **_):
        absent = dict.fromkeys(["secret_binary", "description", "tags", "kms_key_id", "client_request_token", "force_overwrite"])
        name = f"{resource_name}-{uuid.uuid4().hex[:12]}"
        secrets = secretsmanager_backends[account_id][region_name]
        return cls(json.loads(secrets.create_secret(name=name, secret_string="{}", replica_regions=[], **absent))["ARN"])


def sections(text: str) -> dict[str, list[str]]:
    """Returns the commands of each section, in their order."""
    found: dict[str, list[str]] = {}
    for part in re.split(r"^## ", text, flags=re.MULTILINE)[1:]:
        title = part.split("\n", 1)[0]
        pattern = r"^( *)```(\w*)\n(.*?)^ *```$|`((?:aws|gh) [^`]+)`"
        for block in re.finditer(pattern, part, flags=re.MULTILINE | re.DOTALL):
            if block[2] == "sh":
                found.setdefault(title, []).append(textwrap.dedent(block[3]))
            elif block[4]:
                found.setdefault(title, []).append(" ".join(block[4].split()) + "\n")
    return found


def stand_in(endpoint: str, found: dict[str, dict]) -> None:
    """Creates the stack of a stage, with its first nested stacks."""
    urllib.request.urlopen(urllib.request.Request(f"{endpoint}/moto-api/reset", method="POST")).read()
    upload(endpoint, found)
    rehearsal, whole, outputs, nested = Rehearsal(endpoint, {}), found["template.yaml"], {}, {}
    values = {name: str(one.get("Default", "")) for name, one in whole["Parameters"].items()}
    for file in BEFORE:
        name, resource = next((name, one) for name, one in whole["Resources"].items() if one["Properties"].get("TemplateURL") == file)
        given = {key: rehearsal.value(value, values, whole, {}, outputs) for key, value in resource["Properties"].get("Parameters", {}).items()}
        # moto passes no outputs to nested stacks. So these are the outputs of a separate stack.
        outputs[name] = rehearsal.stack(file, found[file], given, {}, "create")
        # moto knows only Retain.
        body = json.dumps(rehearsal.stripped(found[file], {}, count=False)).replace("RetainExceptOnCreate", "Retain")
        boto3.client("s3", endpoint_url=endpoint).put_object(Bucket="artifacts", Key=file, Body=body)
        nested[name] = {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": f"https://artifacts.s3.amazonaws.com/{file}", "Parameters": given}}
    root = rehearsal.stripped(whole, outputs, count=False)
    root["Resources"] |= nested
    parameters = [{"ParameterKey": key, "ParameterValue": value} for key, value in values.items()]
    rehearsal.cloud.create_stack(StackName=STACK, TemplateBody=json.dumps(root), Parameters=parameters)
    database = STACK
    for name in ["Database", "Database"]:
        shown = rehearsal.cloud.describe_stack_resource(StackName=database, LogicalResourceId=name)
        database = shown["StackResourceDetail"]["PhysicalResourceId"]
    # moto's cloudformation ignores these two properties of an instance.
    boto3.client("rds", endpoint_url=endpoint).modify_db_instance(DBInstanceIdentifier=database, ManageMasterUserPassword=True)
    boto3.client("logs", endpoint_url=endpoint).create_log_group(logGroupName=f"/aws/rds/instance/{database}/postgresql")


def run(title: str, prelude: list[str], commands: list[str], environment: dict[str, str], folder: Path) -> None:
    """Runs commands in one shell, and exits if one fails."""
    script = "".join(f"{command.rstrip()}\necho ran >&3\n" for command in [*prelude, *commands])
    done = folder / "done"
    (folder / "script").write_text(script)
    with done.open("w") as ran:
        os.dup2(ran.fileno(), 3)
        shell = subprocess.run(
            ["bash", "-euo", "pipefail", str(folder / "script")], cwd=folder, env=environment, pass_fds=[3], capture_output=True, text=True, timeout=300, check=False
        )
    count = len(done.read_text().split())
    if shell.returncode or count < len(prelude) + len(commands):
        failed = [*prelude, *commands][count]
        sys.exit(f"docs/operations.md, {title}: a command failed with status {shell.returncode}:\n{failed}\n{shell.stdout[-2000:]}{shell.stderr[-2000:]}")


def program(path: Path, text: str) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)


def main() -> None:
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    found, documented = templates(HERE), sections(DOCUMENT.read_text())
    prelude = documented.pop(PRELUDE)
    # moto answers calls of functions itself, without a container.
    default_user_config["lambda"] = {"use_docker": False}
    server = ThreadedMotoServer(port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    endpoint = f"http://{host}:{port}"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        # The working directory of the commands, with the templates that moto can deploy.
        (folder / "infra").mkdir()
        rehearsal = Rehearsal(endpoint, {})
        for file, template in found.items():
            (folder / "infra" / file).write_text(json.dumps(rehearsal.stripped(template, {}, count=False)))
        parsed = "|".join(f'"{operation}"' for operation in ONLY_PARSED)
        log = folder / "log"
        program(folder / "bin/aws", AWS.format(parsed=parsed, aws=Path(sys.argv[1]).resolve(), log=log))
        program(folder / "bin/gh", GH.replace("{workflows}", str(HERE.parent / ".github/workflows")).replace("{python}", sys.executable))
        program(folder / "bin/psql", PSQL)
        environment = {
            **os.environ,
            "PATH": f"{folder / 'bin'}:{os.environ['PATH']}",
            "AWS_ENDPOINT_URL": endpoint,
            "HOME": name,
        }
        try:
            for title, commands in documented.items():
                stand_in(endpoint, found)
                run(title, prelude, commands, environment, folder)
                print(f"{title}: {len(commands)} commands")
        finally:
            server.stop()
        operations = sorted(set(log.read_text().splitlines()))
    print(f"operations against moto: {', '.join(operations)}")
    print(f"only parsed: {', '.join(ONLY_PARSED)}")


main()
