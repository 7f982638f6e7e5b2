"""Rehearses deployments with moto's server, which imitates AWS.

For each set of parameters, creates the stacks, updates them from the previous version, and deletes them. Does
the same with the stack of github.yaml, without an update.

Needs a Python with aws-sam-cli and moto[server], but no network and no account. A rehearsal finds fewer
errors than a deployment: moto knows only some types of resources and properties, and creates resources in
its own order. The last line lists the types that it does not know. It cannot pass outputs between nested
stacks, so here each file is a separate stack and this script passes the outputs.
"""

import collections
import io
import json
import logging
import os
import re
import subprocess
import sys
import tempfile
import urllib.request
import warnings
import zipfile
from pathlib import Path

os.environ.update(AWS_ACCESS_KEY_ID="moto", AWS_SECRET_ACCESS_KEY="moto", AWS_DEFAULT_REGION="ap-northeast-2")

import boto3  # noqa: E402
from moto.backends import list_of_moto_modules  # noqa: E402
from moto.cloudformation import parsing  # noqa: E402
from moto.cloudformation.parsing import get_model_map  # noqa: E402
from moto.core.common_models import CloudFormationModel  # noqa: E402
from moto.server import ThreadedMotoServer  # noqa: E402

from expand import HERE, templates  # noqa: E402

for module in list_of_moto_modules():
    try:
        # moto knows the types of a module after the module is loaded.
        __import__(f"moto.{module}.models")
    except ModuleNotFoundError:
        pass

# moto loses a resource whose type it cannot update. CloudFormation changes it or replaces it.
CloudFormationModel.update_from_cloudformation_json = classmethod(lambda _, original_resource, **__: original_resource)

# moto also updates resources whose condition is false, which do not exist.
update_resource = parsing.parse_and_update_resource
parsing.parse_and_update_resource = lambda name, resource, known, **place: known[name] and update_resource(name, resource, known, **place)

DOMAIN = {
    "Domain": "chat.example.com",
    "WebCertificateArn": "arn:aws:acm:us-east-1:123456789012:certificate/00000000-0000-0000-0000-000000000000",
}
SETS = {
    "without a domain": {},
    "with a domain": DOMAIN,
    "with a firewall": {"WebAclArn": "arn:aws:wafv2:us-east-1:123456789012:global/webacl/chatchat/00000000-0000-0000-0000-000000000000"},
    "with the proxy": {"UseProxy": "true", "MultiAz": "true", "DatabaseClass": "db.t4g.small"},
    "with endpoints": {"Egress": "endpoints", "ConcurrencyLimits": "on", "AlarmEmail": "alarms@example.com"},
    "by GitHub": {
        "Boundary": "arn:aws:iam::123456789012:policy/chatchat-github-dev-boundary",
        "SetLogRole": "false",
        "UseProxy": "true",
        "Zones": "ap-northeast-2a,ap-northeast-2c",
    },
    "without warm calls and canary": {"Warm": "off", "Canary": "off"},
}
REPOSITORY = {"Stage": "dev", "Owner": "octocat", "Repository": "my-repo"}
GITHUB_SETS = {
    "role of GitHub": {**REPOSITORY, "OwnerId": "123456", "RepositoryId": "456789"},
    "role of GitHub for a second stage": {
        **REPOSITORY,
        "ProviderArn": "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com",
        "HostedZoneId": "Z0123456789",
        "SetLogRole": "false",
    },
}
# Resources whose type moto knows, but that it rejects because they refer to a type that it does not
# know.
REFUSED = {"RouteOut"}
# Properties that moto misinterprets: it expects a name where it has put an object itself.
UNREADABLE = {"AWS::RDS::DBInstance": "DBParameterGroupName"}
# Nested stacks that the root template refers to, and nested stacks that refer to the root template.
BEFORE = ["network.yaml", "database.yaml", "buckets.yaml"]
AFTER = ["web.yaml", "domain.yaml", "observability.yaml"]


class Rehearsal:
    def __init__(self, endpoint: str, parameters: dict[str, str]) -> None:
        self.cloud = boto3.client("cloudformation", endpoint_url=endpoint)
        self.ec2 = boto3.client("ec2", endpoint_url=endpoint)
        self.parameters = parameters
        self.unknown: collections.Counter[str] = collections.Counter()
        self.made = 0

    def deploy(self, found: dict[str, dict], verb: str) -> None:
        """Creates or updates all stacks."""
        whole = found["template.yaml"]
        nested = {
            resource["Properties"]["TemplateURL"]: (name, resource)
            for name, resource in whole["Resources"].items()
            if resource["Type"] == "AWS::CloudFormation::Stack"
        }
        values = {name: str(one.get("Default", "")) for name, one in whole["Parameters"].items()}
        values |= {name: value for name, value in self.parameters.items() if name in values}
        outputs: dict[str, dict[str, str]] = {}

        def given(resource: dict, ids: dict[str, str]) -> dict[str, str]:
            return {name: self.value(value, values, whole, ids, outputs) for name, value in resource["Properties"].get("Parameters", {}).items()}

        for file in BEFORE:
            if file in nested:
                name, resource = nested[file]
                outputs[name] = self.stack(file, found[file], given(resource, {}), {}, verb)
        self.stack("template.yaml", whole, values, outputs, verb)
        ids = self.ids("template.yaml")
        for file in AFTER:
            if file in nested and not (file == "domain.yaml" and not values.get("Domain")):
                name, resource = nested[file]
                outputs[name] = self.stack(file, found[file], given(resource, ids), {}, verb)

    def github(self, template: dict) -> None:
        """Creates the stack of github.yaml. Checks that the role accepts the subject of its parameters only."""
        defaults = {name: str(one["Default"]) for name, one in template["Parameters"].items() if "Default" in one}
        self.stack("github.yaml", template, defaults | self.parameters, {}, "create")
        role = boto3.client("iam", endpoint_url=self.cloud.meta.endpoint_url).get_role(RoleName=f"chatchat-github-{self.parameters['Stage']}")
        conditions = role["Role"]["AssumeRolePolicyDocument"]["Statement"][0]["Condition"]["StringEquals"]
        owner, repository = (
            self.parameters[name] + (f"@{self.parameters[f'{name}Id']}" if f"{name}Id" in self.parameters else "") for name in ("Owner", "Repository")
        )
        subject = f"repo:{owner}/{repository}:environment:{self.parameters['Stage']}"
        assert conditions["token.actions.githubusercontent.com:sub"] == subject, conditions

    def value(self, value, values, whole, ids, outputs) -> str:
        """Evaluates a parameter that the root template passes to a nested stack."""
        match value:
            case {"Ref": name}:
                return values.get(name, ids.get(name)) or ("chatchat" if name == "AWS::StackName" else "" if name in values else f"no-{name}")
            case {"Fn::GetAtt": [name, attribute]}:
                return outputs.get(name, {}).get(attribute.removeprefix("Outputs."), f"no-{name}")
            case {"Fn::FindInMap": [name, key, entry]}:
                return str(whole["Mappings"][name][self.value(key, values, whole, ids, outputs)][entry])
        return str(value)

    def stack(self, file: str, template: dict, values: dict[str, str], outputs: dict[str, dict[str, str]], verb: str) -> dict[str, str]:
        name = f"chatchat-{file.removesuffix('.yaml')}"
        stripped = self.stripped(template, outputs, count=verb == "create")
        parameters = [{"ParameterKey": key, "ParameterValue": value} for key, value in values.items() if key in stripped.get("Parameters", {})]
        try:
            getattr(self.cloud, f"{verb}_stack")(StackName=name, TemplateBody=json.dumps(stripped), Parameters=parameters)
            expected = [f"{verb.upper()}_COMPLETE"]
        except self.cloud.exceptions.ClientError as error:
            if "No updates are to be performed" not in str(error):
                raise
            expected = ["CREATE_COMPLETE", "UPDATE_COMPLETE"]
        state = self.cloud.describe_stacks(StackName=name)["Stacks"][0]
        assert state["StackStatus"] in expected, f"{file}: {state['StackStatus']}, expected {expected}"
        here = set(self.ids(file))
        missing = {key for key, one in stripped["Resources"].items() if "Condition" not in one} - here
        assert not missing, f"{file}: moto did not create {sorted(missing)}"
        if verb == "create":
            # moto lists resources whose condition is false under an empty name.
            self.made += len(here - {""})
        return {one["OutputKey"]: one["OutputValue"] for one in state.get("Outputs", [])}

    def ids(self, file: str) -> dict[str, str]:
        name = f"chatchat-{file.removesuffix('.yaml')}"
        pages = self.cloud.get_paginator("list_stack_resources").paginate(StackName=name)
        return {one["LogicalResourceId"]: one["PhysicalResourceId"] for page in pages for one in page["StackResourceSummaries"]}

    def stripped(self, template: dict, outputs: dict[str, dict[str, str]], count: bool) -> dict:
        """Returns the template without resources that moto does not know.

        References to them become names that start with `no-`.
        """
        resources = {name: one for name, one in template["Resources"].items() if one["Type"] != "AWS::CloudFormation::Stack"}
        known = {name: one for name, one in resources.items() if one["Type"] in get_model_map() and name not in REFUSED}
        if count:
            self.unknown.update(one["Type"] for name, one in resources.items() if name not in known)
        gone = set(template["Resources"]) - set(known)

        def attribute(name: str, attribute: str) -> str:
            if given := outputs.get(name, {}).get(attribute.removeprefix("Outputs.")):
                return given
            return absent(name) if attribute.endswith("Arn") else f"no-{name}-{attribute.replace('.', '-')}"

        def absent(name: str) -> str:
            return f"arn:aws:moto:ap-northeast-2:123456789012:no-{name}"

        def reference(name: str) -> str:
            return absent(name) if template["Resources"][name]["Type"] == "AWS::SecretsManager::Secret" else f"no-{name}"

        def walk(value):
            match value:
                case {"Ref": name} if name in gone:
                    return reference(name)
                case {"Fn::GetAtt": [name, att]} if name in gone:
                    return attribute(name, att)
                case {"Fn::GetAtt": ["Vpc", "Ipv6CidrBlocks"]}:
                    return ["fd00::/56"]
                case {"Fn::GetAtt": ["Database", "MasterUserSecret.SecretArn"]}:
                    return "arn:aws:secretsmanager:ap-northeast-2:123456789012:secret:rds-database"
                case {"Fn::Cidr": _}:
                    return ["fd00:0:0:1::/64", "fd00:0:0:2::/64"]
                case {"Fn::GetAZs": _}:
                    return ["ap-northeast-2a", "ap-northeast-2b"]
                case {"Fn::Sub": str() as text}:
                    return {"Fn::Sub": re.sub(r"\$\{(\w+)(?:\.([\w.]+))?\}", lambda found: substitute(found), text)}
                case dict():
                    return {key: walk(one) for key, one in value.items()}
                case list():
                    return [walk(one) for one in value]
            return value

        def substitute(found: re.Match) -> str:
            if found[1] not in gone:
                return found[0]
            return attribute(found[1], found[2]) if found[2] else reference(found[1])

        result = {**template, "Resources": {name: walk(one) for name, one in known.items()}}
        result["Outputs"] = {name: walk(one) for name, one in template.get("Outputs", {}).items()}
        result.pop("Rules", None)
        for one in result["Resources"].values():
            one.get("Properties", {}).pop(UNREADABLE.get(one["Type"]), None)
            needed = one.pop("DependsOn", [])
            needed = [needed] if isinstance(needed, str) else needed
            if kept := [name for name in needed if name in known]:
                one["DependsOn"] = kept
        return result

    def delete(self) -> None:
        stacks = [one["StackName"] for one in self.cloud.describe_stacks()["Stacks"]]
        for file in ["github.yaml", *AFTER, "template.yaml", *reversed(BEFORE)]:
            name = f"chatchat-{file.removesuffix('.yaml')}"
            if name in stacks:
                if file == "network.yaml":
                    self.delete_route_tables()
                self.cloud.delete_stack(StackName=name)
        left = [one["StackName"] for one in self.cloud.describe_stacks()["Stacks"]]
        assert not left, f"not deleted: {left}"

    def delete_route_tables(self) -> None:
        """Deletes the route tables, which moto does not delete and which keep it from deleting the VPC."""
        for table in self.ec2.describe_route_tables()["RouteTables"]:
            if not any(one["Main"] for one in table["Associations"]):
                for one in table["Associations"]:
                    self.ec2.disassociate_route_table(AssociationId=one["RouteTableAssociationId"])
                self.ec2.delete_route_table(RouteTableId=table["RouteTableId"])


def previous() -> tuple[str, dict[str, dict]] | None:
    """Returns the templates before their last change, if git has it."""
    git = ["git", "-C", str(HERE)]
    changed = subprocess.run([*git, "diff", "--quiet", "HEAD", "--", "*.yaml"], check=False).returncode == 1
    log = subprocess.run([*git, "log", "-2", "--format=%h", "--", "template.yaml", *BEFORE, *AFTER], capture_output=True, text=True, check=False).stdout.split()
    commit = next(iter(log[0 if changed else 1 :]), None)
    if commit is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        for file in ["template.yaml", *BEFORE, *AFTER]:
            shown = subprocess.run([*git, "show", f"{commit}:./{file}"], capture_output=True, text=True, check=False)
            if shown.returncode == 0:
                (Path(folder) / file).write_text(shown.stdout)
        return commit, templates(Path(folder))


def upload(endpoint: str, found: dict[str, dict]) -> None:
    """Uploads an archive for each artifact, as a deployment does."""
    s3 = boto3.client("s3", endpoint_url=endpoint)
    s3.create_bucket(Bucket="artifacts", CreateBucketConfiguration={"LocationConstraint": "ap-northeast-2"})
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("bootstrap", "")
    codes = {one["Properties"]["Code"]["S3Key"] for one in found["template.yaml"]["Resources"].values() if one["Type"] == "AWS::Lambda::Function"}
    for key in codes:
        s3.put_object(Bucket="artifacts", Key=key, Body=archive.getvalue())


def main() -> None:
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    now, before = templates(HERE), previous()
    unknown: collections.Counter[str] = collections.Counter()
    total = sum(len(template["Resources"]) for name, template in now.items() if name in ("template.yaml", *BEFORE, *AFTER))
    for title, parameters in {**SETS, **GITHUB_SETS}.items():
        server = ThreadedMotoServer(port=0, verbose=False)
        server.start()
        host, port = server.get_host_and_port()
        endpoint = f"http://{host}:{port}"
        try:
            urllib.request.urlopen(urllib.request.Request(f"{endpoint}/moto-api/reset", method="POST")).read()
            upload(endpoint, now)
            if title in GITHUB_SETS:
                rehearsal = Rehearsal(endpoint, parameters)
                rehearsal.github(now["github.yaml"])
                unknown |= rehearsal.unknown
                rehearsal.delete()
                print(f"{title}: {rehearsal.made} resources of {len(now['github.yaml']['Resources'])} created and deleted")
                continue
            if "Domain" in parameters:
                zone = boto3.client("route53", endpoint_url=endpoint).create_hosted_zone(Name=parameters["Domain"], CallerReference=title)
                parameters = {**parameters, "HostedZoneId": zone["HostedZone"]["Id"].rsplit("/", 1)[-1]}
            rehearsal = Rehearsal(endpoint, parameters)
            rehearsal.deploy(now, "create")
            unknown |= rehearsal.unknown
            rehearsal.delete()
            line = f"{title}: {rehearsal.made} resources of {total} created and deleted"
            if before:
                commit, older = before
                update = Rehearsal(endpoint, parameters)
                update.deploy(older, "create")
                update.deploy(now, "update")
                update.delete()
                line += f"; updated from {commit}"
            print(line)
        finally:
            server.stop()
    names = ", ".join(f"{name} ({count})" for name, count in sorted(unknown.items()))
    print(f"not known to moto {sys.modules['moto'].__version__}: {names}")


if __name__ == "__main__":
    main()
