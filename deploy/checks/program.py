"""Runs the program itself under the roles of terraform/aws, on a server that enforces them: the rights suffice for a batch
and for a worker, and neither leaves anything but whole calls.

    program.py PROGRAM
"""
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request

import aws
from report import Report

CALLS = aws.DEPLOY.parent / "fixtures" / "calls"
BATCH_S_MAX = 120
WORKER_S_MAX = 120
# The chart gives a worker 25 seconds, and 15 more before it is killed.
STOP_S_MAX = 40


def main():
    report = Report("program")
    with tempfile.TemporaryDirectory(prefix="sordino-deploy-") as folder:
        servers = aws.SERVERS.Servers(folder)
        try:
            account = aws.start(servers, pathlib.Path(folder))
            place = aws.Place(account)
            calls = len(list(CALLS.rglob("*.json"))) + len(list(CALLS.rglob("*.txt")))
            owner = account.taking(place.role("owner", [])).client("s3")
            owner.delete_object(Bucket=place.raw, Key="call.wav")
            batch(report, place, owner, account.taking(place.role("batch", ["redact"])), calls)
            tagging(report, place, owner, account.taking(place.role("tagging", ["redact", "tag"])))
            worker(report, place, owner, account, account.taking(place.role("worker", ["redact", "consume"])), calls)
            audit = owner.list_objects_v2(Bucket=place.redacted, Prefix=".audit/")["Contents"]
            report.expect([entry["Key"] for entry in audit] == [".audit/1.json"], "the audit log was touched")
        finally:
            servers.stop()
    report.close()


def batch(report, place, owner, taken, calls):
    upload(owner, place.raw, "shift")
    arguments = ["redact", "--json", f"s3://{place.raw}/shift/", f"s3://{place.redacted}/"]
    for status in ("redacted", "unchanged"):
        run = subprocess.run([sys.argv[1], *arguments], env=environment(taken), capture_output=True, text=True,
                             timeout=BATCH_S_MAX)
        told = [json.loads(line).get("status") for line in run.stdout.splitlines()]
        report.expect(run.returncode == 0, f"batch: exit code {run.returncode}: {run.stderr[-600:]}")
        report.expect(told.count(status) == calls, f"batch: {told} instead of {calls} calls {status}")
    report.expect(whole_calls(owner, place.redacted) == calls, "batch: not every call is there whole")


def tagging(report, place, owner, taken):
    """Of calls that are there already, the originals are tagged."""
    arguments = ["redact", "--quiet", "--tag-sources", f"s3://{place.raw}/shift/", f"s3://{place.redacted}/"]
    run = subprocess.run([sys.argv[1], *arguments], env=environment(taken), capture_output=True, text=True,
                         timeout=BATCH_S_MAX)
    report.expect(run.returncode == 0, f"tagging: exit code {run.returncode}: {run.stderr[-600:]}")
    for entry in owner.list_objects_v2(Bucket=place.raw, Prefix="shift/")["Contents"]:
        if entry["Key"].endswith(".wav"):
            tags = owner.get_object_tagging(Bucket=place.raw, Key=entry["Key"])["TagSet"]
            report.expect(tags == [{"Key": "sordino:processed", "Value": "true"}], f"tagging: {tags}")


def worker(report, place, owner, account, taken, calls):
    wired = {"QueueConfigurations": [{"QueueArn": place.given["queue"], "Events": ["s3:ObjectCreated:*"]}]}
    owner.put_bucket_notification_configuration(Bucket=place.raw, NotificationConfiguration=wired)
    upload(owner, place.raw, "live")
    [port] = aws.SERVERS.free_ports(1)
    arguments = ["worker", "--queue", place.queue, "--listen", f"127.0.0.1:{port}", f"s3://{place.redacted}/"]
    # What of a chat is there is all of it, and need not be waited for.
    settings = {**environment(taken), "SORDINO_ALONE_AFTER_S": "1"}
    with tempfile.TemporaryFile("w+") as log:
        process = subprocess.Popen([sys.argv[1], *arguments], env=settings, stdout=log, stderr=log)
        sqs, end = account.client("sqs"), time.monotonic() + WORKER_S_MAX
        while process.poll() is None and time.monotonic() < end and not (
                whole_calls(owner, place.redacted) == 2 * calls and depth(sqs, place.queue) == 0):
            time.sleep(0.5)
        for path in ("/healthz", "/readyz", "/metrics"):
            report.expect(answers(port, path), f"worker: {path} does not answer")
        process.send_signal(signal.SIGTERM)
        try:
            code = process.wait(STOP_S_MAX)
        except subprocess.TimeoutExpired:
            process.kill()
            code = process.wait()
        log.seek(0)
        report.expect(code == 0, f"worker: exit code {code}: {log.read()[-2000:]}")
    report.expect(whole_calls(owner, place.redacted) == 2 * calls, "worker: not every call is there whole")
    report.expect(depth(sqs, place.queue) == 0, "worker: the queue is not empty")
    # Place has left one message that is no event.
    aside = aws.received(sqs, place.dead, 10, within=2)
    report.expect(len(aside) == 1, f"worker: {len(aside)} messages set aside instead of the one that is no event")


def environment(taken):
    """The variables of a process with these credentials, and nothing of this one's."""
    given = taken.session.get_credentials().get_frozen_credentials()
    return {
        "PATH": os.environ["PATH"],
        "AWS_ACCESS_KEY_ID": given.access_key,
        "AWS_SECRET_ACCESS_KEY": given.secret_key,
        "AWS_SESSION_TOKEN": given.token,
        "AWS_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": taken.reached["endpoint_url"],
        "SSL_CERT_FILE": taken.reached["verify"],
        "SORDINO_CALL_ID_KEY": "0123456789abcdef",
    }


def upload(s3, bucket, prefix):
    for path in sorted(CALLS.rglob("*")):
        if path.is_file():
            s3.put_object(Bucket=bucket, Key=f"{prefix}/{path.relative_to(CALLS)}", Body=path.read_bytes())


def whole_calls(s3, bucket):
    """How many calls have a manifest and all that it lists. Place's own call, `c`, is none."""
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket)
    keys = {entry["Key"] for page in pages for entry in page.get("Contents", [])}
    count = 0
    for key in keys:
        call, _, name = key.rpartition("/")
        if name == "manifest.json" and call != "c":
            manifest = json.loads(s3.get_object(Bucket=bucket, Key=key)["Body"].read())
            count += all(f"{call}/{artifact['name']}" in keys for artifact in manifest["artifacts"])
    return count


def depth(sqs, queue):
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    return sum(int(n) for n in sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=names)["Attributes"].values())


def answers(port, path):
    try:
        return urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5).status == 200
    except OSError:
        return False


if __name__ == "__main__":
    main()
