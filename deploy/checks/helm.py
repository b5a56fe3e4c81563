"""Lints the chart, renders it with every file of helm/examples, and judges what comes out: by the API's own schemas, and
by what every pod of ours must hold. Then tries every file of helm/refused, each of which must be refused for its reason.
"""
import copy
import json
import pathlib
import sys

import helm_python
import jsonschema
import kubernetes_validate
import yaml
from helm_python.chart import Chart, lint

from report import Report

CHECKS = pathlib.Path(__file__).resolve().parent
HELM = CHECKS.parent / "helm"
# The oldest that Chart.yaml allows, and the newest that is known here.
KUBERNETES = ["1.31", "1.37"]
WARNING = 2
POD_TEMPLATES = {
    "Deployment": ["spec", "template"],
    "Job": ["spec", "template"],
    "CronJob": ["spec", "jobTemplate", "spec", "template"],
}


def main():
    report = Report("helm")
    examples = {path.stem: yaml.safe_load(path.read_text()) for path in sorted((HELM / "examples").glob("*.yaml"))}
    for name, values in examples.items():
        for message in lint(HELM / "sordino", values)["messages"]:
            report.expect(message["severity"] < WARNING, f"{name}: lint: {message}")
        manifests = render(values)
        for manifest in manifests:
            judge(report, f"{name}: {manifest['kind']} {manifest['metadata']['name']}", manifest)
        judge_together(report, name, values, manifests)
    for path in sorted((HELM / "refused").glob("*.yaml")):
        is_refused(report, path, examples["events"])
    report.close()


def render(values):
    """Every manifest, as Helm would install it."""
    with Chart.load(HELM / "sordino") as chart:
        chart.validate_schema(values)
        files = chart.render(values, name="sordino", namespace="sordino", is_install=True)
    documents = (d for name, text in files.items() if name.endswith(".yaml") for d in yaml.safe_load_all(text))
    return [document for document in documents if document]


def judge(report, where, manifest):
    """One manifest by its schema, and its pod by ours."""
    ours = CHECKS / "schemas" / f"{manifest['kind'].lower()}.json"
    try:
        if ours.is_file():
            jsonschema.validate(manifest, json.loads(ours.read_text()))
        else:
            for version in KUBERNETES:
                kubernetes_validate.validate(manifest, version, strict=True)
        report.expect(True, "")
    except (jsonschema.ValidationError, kubernetes_validate.SchemaNotFoundError) as error:
        report.expect(False, f"{where}: {getattr(error, 'message', error)}")
    if manifest["kind"] in POD_TEMPLATES:
        judge_pod(report, where, template(manifest)["spec"])


def template(manifest):
    """The pod that a manifest makes."""
    for step in POD_TEMPLATES[manifest["kind"]]:
        manifest = manifest[step]
    return manifest


def judge_pod(report, where, pod):
    [container] = pod["containers"]
    user, own = pod["securityContext"], container["securityContext"]
    holds = {
        "runs as a user that is not root": user["runAsNonRoot"] is True and user["runAsUser"] >= 1000,
        "has the runtime's seccomp profile": user["seccompProfile"] == {"type": "RuntimeDefault"},
        "cannot gain privileges": own["allowPrivilegeEscalation"] is False and own["capabilities"] == {"drop": ["ALL"]},
        "has a read-only root": own["readOnlyRootFilesystem"] is True,
        "has no token of the cluster": pod["automountServiceAccountToken"] is False,
        "shares nothing with its node": not any(pod.get(key) for key in ("hostNetwork", "hostPID", "hostIPC")),
        "starts the program itself": "command" not in container,
        "writes to a bounded disk alone": [v["emptyDir"]["sizeLimit"] for v in pod["volumes"] if "emptyDir" in v] != []
        and all(m.get("readOnly") or m["mountPath"] == "/tmp" for m in container["volumeMounts"]),
        "mounts nothing of its node": not any("hostPath" in volume for volume in pod["volumes"]),
        "has bounded memory": "memory" in container["resources"]["limits"],
        "keeps secrets out of its variables": not any(
            entry["name"] in ("SORDINO_CALL_ID_KEY", "AWS_SECRET_ACCESS_KEY") and "value" in entry
            for entry in container["env"]),
        "names each variable once": len({e["name"] for e in container["env"]}) == len(container["env"]),
        "has a pinned image": "@sha256:" in container["image"] or not container["image"].endswith(":latest"),
    }
    for rule, held in holds.items():
        report.expect(held, f"{where}: a pod that {rule} was expected")
    if "ports" in container:
        for probe, path in (("livenessProbe", "/healthz"), ("readinessProbe", "/readyz")):
            report.expect(container[probe]["httpGet"] == {"path": path, "port": "http"}, f"{where}: {probe} asks elsewhere")
    stop = next((int(e["value"]) for e in container["env"] if e["name"] == "SORDINO_STOP_AFTER_S"), None)
    if stop is not None:
        report.expect(pod["terminationGracePeriodSeconds"] > stop, f"{where}: killed before it has stopped")


def judge_together(report, name, values, manifests):
    """What must hold between manifests."""
    of_kind = lambda kind: [m for m in manifests if m["kind"] == kind]
    names = [(m["kind"], m["metadata"]["name"]) for m in manifests]
    report.expect(len(set(names)) == len(names), f"{name}: two manifests share a name")
    accounts = {m["metadata"]["name"] for m in of_kind("ServiceAccount")}
    policies = [m["spec"]["podSelector"]["matchLabels"] for m in of_kind("NetworkPolicy")]
    for manifest in manifests:
        if manifest["kind"] in POD_TEMPLATES:
            where, pod = f"{name}: {manifest['kind']} {manifest['metadata']['name']}", template(manifest)
            labels = pod["metadata"]["labels"].items()
            report.expect(pod["spec"]["serviceAccountName"] in accounts, f"{where}: no service account")
            report.expect(any(policy.items() <= labels for policy in policies), f"{where}: no network policy")
    for manifest in of_kind("Job"):
        shards = values["backfill"]["shards"]
        args = template(manifest)["spec"]["containers"][0]["args"]
        report.expect(f"--shard=$(JOB_COMPLETION_INDEX)/{shards}" in args, f"{name}: backfill does not take its share")
        report.expect(manifest["spec"]["completions"] == shards, f"{name}: backfill leaves shares out")
    scaled = [m["spec"]["scaleTargetRef"]["name"] for m in of_kind("ScaledObject")]
    for manifest in of_kind("Deployment"):
        both = "replicas" in manifest["spec"] and manifest["metadata"]["name"] in scaled
        report.expect(not both, f"{name}: Helm and KEDA both set replicas")


def is_refused(report, path, base):
    """The first line of the file, `# refused: WORD`, has a word of the reason."""
    text = path.read_text()
    word = text.splitlines()[0].removeprefix("# refused: ")
    try:
        render(overlaid(base, yaml.safe_load(text)))
        reason = None
    except helm_python.HelmError as error:
        reason = str(error)
    report.expect(reason is not None and word in reason, f"refused/{path.name}: {reason or 'was taken'}")


def overlaid(below, above):
    """Values laid over values, as `helm -f` does."""
    if not isinstance(below, dict) or not isinstance(above, dict):
        return above
    merged = copy.deepcopy(below)
    for key, value in above.items():
        merged[key] = overlaid(merged.get(key), value)
    return merged


if __name__ == "__main__":
    sys.exit(main())
