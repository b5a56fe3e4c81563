"""Asks a simulator of IAM who may do what under the policies of terraform/aws/policies: the cases of access.json.

    access.py MODULES               the folder that the simulator was installed in

A server with real requests judges the same policies in aws.py; the simulator also knows what that server does not: rights
on keys, conditional writes, Object Lock, TLS versions. Actions, resources and condition keys that AWS does not have are
faults too.
"""
import json
import pathlib
import subprocess
import sys

import policies
from report import Report

CHECKS = pathlib.Path(__file__).resolve().parent
# May do everything that no resource's policy refuses.
OWNER = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
# A key's policy that leaves rights to IAM, as a new key has it.
KEY_POLICY = {"Version": "2012-10-17", "Statement": [{
    "Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{policies.ACCOUNT}:root"}, "Action": "kms:*", "Resource": "*"}]}
RESOURCE_POLICIES = {
    "raw": "bucket-raw", "redacted": "bucket-redacted", "queue": "queue-events", "dead_letter_queue": "queue-dead-letter"}


def main():
    report = Report("access")
    given = policies.values()
    document = json.loads(policies.filled((CHECKS / "access.json").read_text(), given))
    simulations = [simulation(document["roles"], given, *case) for case in document["cases"]]
    run = subprocess.run(["node", CHECKS / "access.mjs", sys.argv[1]], input=json.dumps(simulations),
                         stdout=subprocess.PIPE, text=True, check=True)
    for case, outcome in zip(document["cases"], json.loads(run.stdout), strict=True):
        told = " ".join(str(part) for part in case)
        report.expect(not outcome["errors"] and not outcome["ignored"], f"{told}: {outcome}")
        report.expect((outcome["result"] == "Allowed") == (case[1] == "may"), f"{told}: {outcome['result']}")
    cases = {(case[0], case[1]) for case in document["cases"]}
    for role in document["roles"]:
        report.expect({(role, "may"), (role, "may not")} <= cases, f"{role}: has no case of both kinds")
    report.close()


def simulation(roles, given, who, _may, action, resource, context=None):
    """What the simulator is asked."""
    is_service = who.endswith(".amazonaws.com")
    names = [] if is_service or who == "owner" else roles[who]
    own = [{"name": name, "policy": policies.policy(name, given)} for name in names]
    if who == "owner":
        own = [{"name": "owner", "policy": OWNER}]
    return {
        "request": {
            "principal": who if is_service else f"arn:aws:iam::{policies.ACCOUNT}:role/{who}",
            "action": action,
            "resource": {"resource": resource, "accountId": policies.ACCOUNT},
            "contextVariables": {**usual_context(action), **(context or {})},
        },
        "identityPolicies": own,
        "serviceControlPolicies": [],
        "resourceControlPolicies": [],
        "resourcePolicy": resource_policy(resource, given),
    }


def usual_context(action):
    """What is known of a request whose case says nothing else."""
    known = {"aws:SecureTransport": "true"}
    if action.startswith("s3:"):
        known["s3:TlsVersion"] = "1.3"
    if action == "s3:PutObject":
        # "false" for the parts of an upload, which carry no condition.
        known["s3:ObjectCreationOperation"] = "true"
    return known


def resource_policy(resource, given):
    """The policy of a resource itself, where it has one."""
    if resource.startswith("arn:aws:kms:"):
        return KEY_POLICY
    for value, name in RESOURCE_POLICIES.items():
        if resource == given[value] or resource.startswith(f"{given[value]}/"):
            return policies.policy(name, given)
    return None


if __name__ == "__main__":
    main()
