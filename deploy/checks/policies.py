"""The policies that Terraform fills in, filled in for tests. The templates ask for nothing but `${name}`, so Python's own
templates give what Terraform's would.
"""
import json
import pathlib
import string

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "terraform" / "aws" / "policies"
ACCOUNT = "123456789012"


def values(account=ACCOUNT, raw="sordino-raw", redacted="sordino-redacted", queue="sordino-events", dead="sordino-dead-letter"):
    """What `policy_values` of main.tf would be."""
    sqs = f"arn:aws:sqs:us-east-1:{account}"
    kms = f"arn:aws:kms:us-east-1:{account}:key/00000000-0000-0000-0000-00000000000"
    return {
        "account": account,
        "audit_prefix": ".audit/",
        "dead_letter_queue": f"{sqs}:{dead}",
        "lambda_logs": f"arn:aws:logs:us-east-1:{account}:log-group:/aws/lambda/sordino",
        "queue": f"{sqs}:{queue}",
        "raw": f"arn:aws:s3:::{raw}",
        "raw_key": f"{kms}1",
        "redacted": f"arn:aws:s3:::{redacted}",
        "redacted_key": f"{kms}2",
        "s3_service": "s3.us-east-1.amazonaws.com",
    }


def filled(text, given):
    return string.Template(text).substitute(given)


def policy(name, given):
    """One policy, as a document."""
    return json.loads(filled((FOLDER / f"{name}.json").read_text(), given))
