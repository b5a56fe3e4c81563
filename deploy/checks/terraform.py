"""Reads the Terraform files: format, references, arguments of every resource against the provider's own schema, and the
templates of policies against the values that they are given. `terraform init` would need a network.

    terraform.py BINDINGS.whl       the AWS provider's bindings for Python, which name every argument it has
"""
import ast
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile

import hcl2

from report import Report

MODULE = pathlib.Path(__file__).resolve().parent.parent / "terraform" / "aws"
# Arguments that every resource takes from Terraform itself.
META = {"count", "for_each", "depends_on", "lifecycle", "provider"}


def main():
    report = Report("terraform")
    files = {path.name: hcl2.loads(path.read_text()) for path in sorted(MODULE.glob("*.tf"))}
    bindings = Bindings(sys.argv[1])
    for name, file in files.items():
        for keyword, prefix in (("resource", ""), ("data", "data_")):
            for kind, label, body in blocks(file, keyword):
                where = f"{name}: {keyword} {kind}.{label}"
                judge_block(report, where, body, bindings.of(f"{prefix}{kind}"), META)
    judge_references(report, files)
    judge_templates(report, files)
    if shutil.which("terraform"):
        judge_by_terraform(report)
    else:
        print("terraform: not installed here, so format and trust are not checked")
    report.close()


def blocks(file, keyword):
    for entry in file.get(keyword, []):
        for kind, named in entry.items():
            for label, body in named.items():
                yield kind.strip('"'), label.strip('"'), body


class Bindings:
    """Arguments of resources and of the blocks in them, read from the bindings without running them."""

    def __init__(self, wheel):
        self.wheel = zipfile.ZipFile(wheel)
        self.modules = {}

    def of(self, kind):
        """The arguments of `aws_x` or `data_aws_x`: by name, (is required, the class of a block or None)."""
        data = kind.startswith("data_")
        name = kind.removeprefix("data_").removeprefix("aws_")
        folder = f"data_aws_{name}" if data else name
        if folder not in self.modules:
            source = self.wheel.read(f"cdktf_cdktf_provider_aws/{folder}/__init__.py").decode()
            self.modules[folder] = {n.name: n for n in ast.parse(source).body if isinstance(n, ast.ClassDef)}
        classes = self.modules[folder]
        [config] = [c for c, node in classes.items() if "TerraformMetaArguments" in "".join(map(ast.unparse, node.bases))]
        return self.arguments(classes, config)

    def arguments(self, classes, name):
        init = next(n for n in classes[name].body if isinstance(n, ast.FunctionDef) and n.name == "__init__")
        found = {}
        for argument, default in zip(init.args.kwonlyargs, init.args.kw_defaults):
            inner = re.findall(r"['\"](\w+)['\"]", ast.unparse(argument.annotation))
            block = next((c for c in inner if c in classes), None)
            found[argument.arg.rstrip("_")] = (default is None, (lambda b=block: self.arguments(classes, b)) if block else None)
        return found


def judge_block(report, where, body, known, also=frozenset()):
    given = {key.strip('"'): value for key, value in body.items() if not key.startswith("__")}
    for dynamic in given.pop("dynamic", []):
        for name, value in dynamic.items():
            if not name.startswith("__"):
                given.setdefault(name.strip('"'), []).extend(value["content"])
    for name, value in given.items():
        if name in also:
            continue
        if not report.expect(name in known, f"{where}: no argument {name}"):
            continue
        inner = known[name][1]
        for block in value if isinstance(value, list) else [value]:
            if inner and isinstance(block, dict) and block.get("__is_block__"):
                judge_block(report, f"{where}.{name}", block, inner())
    for name, (required, _) in known.items():
        report.expect(not required or name in given, f"{where}: {name} is required")


def judge_references(report, files):
    """Everything that is named is there, and everything that is there is named."""
    text = "\n".join(path.read_text() for path in sorted(MODULE.glob("*.tf")))
    code = re.sub(r"(?m)^\s*#.*$", "", text)
    made = {f"{kind}.{label}" for f in files.values() for kind, label, _ in blocks(f, "resource")}
    made |= {f"data.{kind}.{label}" for f in files.values() for kind, label, _ in blocks(f, "data")}
    variables = {name.strip('"') for f in files.values() for entry in f.get("variable", []) for name in entry}
    local_names = {k for f in files.values() for entry in f.get("locals", []) for k in entry if not k.startswith("__")}
    used = set(re.findall(r"(?:data\.)?\baws_\w+\.\w+", code)) - set(re.findall(r'"aws_\w+\.\w+"', code))
    for kind, there, named in (
        ("resource", made, used),
        ("variable", variables, set(re.findall(r"\bvar\.(\w+)", code))),
        ("local value", local_names, set(re.findall(r"\blocal\.(\w+)", code))),
    ):
        for name in sorted(named - there):
            report.expect(False, f"no {kind} {name}")
        if kind != "resource":
            for name in sorted(there - named):
                report.expect(False, f"{kind} {name} is not used")
        report.expect(True, "")


def judge_templates(report, files):
    values = next(entry["policy_values"] for entry in files["main.tf"]["locals"] if "policy_values" in entry)
    given = {key.strip('"') for key in values if not key.startswith("__")}
    used = set()
    for path in sorted((MODULE / "policies").glob("*.json")):
        asked = set(re.findall(r"\$\{(\w+)\}", path.read_text()))
        report.expect(asked <= given, f"{path.name}: nothing gives {sorted(asked - given)}")
        used |= asked
    report.expect(used == given, f"policy_values that no template asks for: {sorted(given - used)}")


def judge_by_terraform(report):
    run = subprocess.run(["terraform", "fmt", "-check", "-diff", MODULE], capture_output=True, text=True)
    report.expect(run.returncode == 0, f"format: {run.stdout}")
    provider = "arn:aws:iam::123456789012:oidc-provider/oidc.eks.us-east-1.amazonaws.com/id/ABC"
    trust = evaluated(oidc_provider_arn=provider, role_principals={"auditor": ["arn:aws:iam::123456789012:role/sso"]})
    report.expect(sorted(trust["roles"]) == ["auditor", "batch", "scaler", "server", "worker"], f"roles: {trust['roles']}")
    [worker] = trust["trust"]["worker"]
    report.expect(worker["Condition"]["StringEquals"] == {
        "oidc.eks.us-east-1.amazonaws.com/id/ABC:aud": "sts.amazonaws.com",
        "oidc.eks.us-east-1.amazonaws.com/id/ABC:sub": "system:serviceaccount:sordino:sordino-worker",
    }, f"worker's trust: {worker}")
    [auditor] = trust["trust"]["auditor"]
    report.expect(auditor["Principal"] == {"AWS": ["arn:aws:iam::123456789012:role/sso"]}, f"auditor's trust: {auditor}")
    report.expect(evaluated()["roles"] == {}, "a role that nobody may take is made")


def evaluated(**variables):
    """The values of trust.tf, by Terraform itself: that file asks for no provider."""
    with tempfile.TemporaryDirectory() as folder:
        for name in ("variables.tf", "trust.tf"):
            shutil.copy(MODULE / name, folder)
        pathlib.Path(folder, "outputs.tf").write_text(
            'output "trust" { value = local.trust }\noutput "roles" { value = local.roles }\n'
            'output "pairs" { value = local.role_policy_pairs }\n')
        pathlib.Path(folder, "test.auto.tfvars.json").write_text(json.dumps(variables))
        for command in (["init", "-backend=false"], ["apply", "-auto-approve"]):
            run = subprocess.run(["terraform", *command, "-no-color"], cwd=folder, capture_output=True, text=True)
            if run.returncode:
                sys.exit(f"terraform: {command[0]}: {run.stdout}{run.stderr}")
        run = subprocess.run(["terraform", "output", "-json"], cwd=folder, capture_output=True, text=True, check=True)
        return {name: output["value"] for name, output in json.loads(run.stdout).items()}


if __name__ == "__main__":
    main()
