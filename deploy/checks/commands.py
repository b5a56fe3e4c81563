"""Asks the program whether it knows every command, flag and variable that the deploy files give it.

    commands.py PROGRAM
"""
import pathlib
import re
import shlex
import subprocess
import sys

import hcl2
import yaml

import helm
import systemd
from report import Report

DEPLOY = pathlib.Path(__file__).resolve().parent.parent


def main():
    report = Report("commands")
    asked = {}
    for where, arguments, variables in [*of_chart(), *of_units(), *of_lambda()]:
        command = next(a for a in arguments if not a.startswith("-"))
        if command not in asked:
            run = subprocess.run([sys.argv[1], command, "--help"], capture_output=True, text=True)
            asked[command] = run.stdout if run.returncode == 0 else None
        if not report.expect(asked[command], f"{where}: there is no command {command}"):
            continue
        for name in [*(a.split("=")[0] for a in arguments if a.startswith("--")), *variables]:
            known = re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", asked[command])
            report.expect(known, f"{where}: {command} does not know {name}")
    report.close()


def of_chart():
    """What the chart's pods are started with."""
    for path in sorted((DEPLOY / "helm" / "examples").glob("*.yaml")):
        for manifest in helm.render(yaml.safe_load(path.read_text())):
            if manifest["kind"] in helm.POD_TEMPLATES:
                [container] = helm.template(manifest)["spec"]["containers"]
                where = f"{path.name}: {manifest['kind']} {manifest['metadata']['name']}"
                yield where, container["args"], ours(entry["name"] for entry in container["env"])


def of_units():
    """What systemd starts."""
    for path in sorted((DEPLOY / "systemd").iterdir()):
        if path.is_file():
            text = path.read_text().replace("\\\n", " ")
            for line in re.findall(r"(?m)^ExecStart=(\S.*)$", text):
                unit = systemd.EXAMPLES.get(path.name, path.name)
                folders = [DEPLOY / "systemd" / "sordino-.service.d", DEPLOY / "systemd" / f"{unit}.d"]
                dropped = "".join(drop_in.read_text() for folder in folders if folder.is_dir() for drop_in in sorted(folder.iterdir()))
                whole = text + dropped if unit == path.name else dropped + text
                # An empty assignment clears what was set before.
                variables = re.findall(r"(?m)^Environment=(\w+)=", re.split(r"(?m)^Environment=$", whole)[-1])
                yield path.name, shlex.split(line)[1:], ours(variables)


def of_lambda():
    """What Lambda starts."""
    functions = [
        body for entry in hcl2.loads((DEPLOY / "terraform" / "aws" / "lambda.tf").read_text())["resource"]
        for kind, named in entry.items() if kind.strip('"') == "aws_lambda_function" for body in named.values()]
    for function in functions:
        [command] = [block["command"] for block in function["image_config"]]
        [environment] = [block["variables"] for block in function["environment"]]
        yield "lambda.tf", [part.strip('"') for part in command], re.findall(r"SORDINO_\w+", environment)


def ours(names):
    return [name for name in names if name.startswith("SORDINO_")]


if __name__ == "__main__":
    main()
