"""Runs the program itself under the roles of terraform/aws, on a server that enforces them: the rights suffice for a batch
and for a worker, neither of which leaves anything but whole calls, and for the QA page, which changes none.

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
import urllib.error
import urllib.parse
import urllib.request

import aws
from report import Report

CALLS = aws.DEPLOY.parent / "fixtures" / "calls"
BATCH_S_MAX = 120
WORKER_S_MAX = 120
# The chart gives a worker 25 seconds, and 15 more before it is killed.
STOP_S_MAX = 40
INDEX_S_MAX = 60


def main():
    report = Report("program")
    with tempfile.TemporaryDirectory(prefix="sordino-deploy-") as folder:
        servers = aws.SERVERS.Servers(folder)
        try:
            account = aws.start(servers, pathlib.Path(folder))
            place = aws.Place(account)
            calls = len(list(CALLS.rglob("*.json"))) + len(list(CALLS.rglob("*.txt")))
            everything = account.taking(place.role("owner", []))
            owner = everything.client("s3")
            owner.delete_object(Bucket=place.raw, Key="call.wav")
            batch(report, place, owner, account.taking(place.role("batch", ["redact"])), calls)
            tagging(report, place, owner, account.taking(place.role("tagging", ["redact", "tag"])))
            worker(report, place, owner, account, account.taking(place.role("worker", ["redact", "consume"])), calls)
            audit = owner.list_objects_v2(Bucket=place.redacted, Prefix=".audit/")["Contents"]
            report.expect([entry["Key"] for entry in audit] == [".audit/1.json"], "the audit log was touched")
            page(report, place, owner, everything, account.taking(place.role("server", ["serve"])), 2 * calls)
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


def page(report, place, owner, everything, taken, calls):
    """Whatever users and administrators do on the QA page."""
    destination = f"s3://{place.redacted}/"
    before = {entry["Key"]: entry["ETag"] for entry in copies(owner, place.redacted)}
    with tempfile.TemporaryDirectory(prefix="sordino-page-") as folder:
        folder = pathlib.Path(folder)
        settings = lambda account, state: {
            **environment(account), "SORDINO_STATE_DIR": str(folder / state),
            "SORDINO_SIGNING_KEY_FILE": str(folder / "keys" / "signing-key.pem")}
        tell = lambda *arguments: subprocess.run([sys.argv[1], *arguments], env=settings(everything, "owner"), check=True,
                                                 capture_output=True, text=True).stdout
        subprocess.run([sys.argv[1], "keys", "new", folder / "keys"], check=True, capture_output=True)
        tokens = {}
        for role, scopes in (("qa-lead", ["list-calls", "view-call", "play-call"]), ("privacy-officer", ["manage-retention"]),
                             ("admin", ["manage-users"]), ("auditor", ["read-audit"])):
            tell("users", "add", destination, role, "--role", role)
            scopes = [word for scope in scopes for word in ("--scope", scope)]
            tokens[role] = tell("users", "token", destination, role, "--days", "1", *scopes).split()[-1]
        [port] = aws.SERVERS.free_ports(1)
        with open(folder / "log", "w+") as log:
            process = subprocess.Popen([sys.argv[1], "serve", "--listen", f"127.0.0.1:{port}", destination],
                                       env=settings(taken, "server"), stdout=log, stderr=log)
            ask = lambda role, path, form=None: asked(port, path, form, tokens.get(role))
            end, listed = time.monotonic() + INDEX_S_MAX, []
            while process.poll() is None and time.monotonic() < end and len(listed) < min(calls, 50):
                time.sleep(0.5)
                status, body = ask("qa-lead", "/api/v1/calls?limit=50")
                listed = json.loads(body)["calls"] if status == 200 else []
            played = [call["call"] for call in listed if f"{call['call']}/recording.wav" in before][:1]
            report.expect(played, f"page: {len(listed)} calls are listed, none of them with a recording")
            for call in played:
                status, body = ask("qa-lead", f"/api/v1/calls/{call}/recording")
                kept = owner.get_object(Bucket=place.redacted, Key=f"{call}/recording.wav")["Body"].read()
                report.expect(status == 200 and body == kept, f"page: the recording: {status}")
                for role, path, form in (
                    ("qa-lead", f"/api/v1/calls/{call}/transcript", None),
                    ("privacy-officer", f"/api/v1/retention/{call}/hold", {"matter": "m-1"}),
                    ("privacy-officer", f"/api/v1/retention/{call}/release", {"matter": "m-1"}),
                    ("admin", "/api/v1/users/add", {"name": "new", "role": "coach"}),
                    ("auditor", "/api/v1/audit", None),
                ):
                    status, body = ask(role, path, form)
                    report.expect(status == 200, f"page: {path} by {role}: {status} {body[:200]}")
            status, _ = ask(None, "/sign-in", {"name": "new", "password": "a guess of words"})
            report.expect(status == 401, f"page: a wrong password: {status}")
            process.send_signal(signal.SIGTERM)
            code = process.wait(STOP_S_MAX)
            log.seek(0)
            report.expect(code == 0, f"page: exit code {code}: {log.read()[-2000:]}")
        tell("audit", "verify", destination)
        told = [json.loads(line)["what"] for line in tell("audit", "search", destination, "--json").splitlines()]
        report.expect({"play", "hold", "release", "add-user", "sign-in"} <= set(told), f"page: the audit log has {set(told)}")
    after = {entry["Key"]: entry["ETag"] for entry in copies(owner, place.redacted)}
    report.expect(before == after, "page: a copy was changed")


def copies(s3, bucket):
    """Everything at the destination but its records."""
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket)
    return [entry for page in pages for entry in page.get("Contents", []) if not entry["Key"].startswith(".")]


def asked(port, path, form, token):
    """Status and body of an answer."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    body = urllib.parse.urlencode(form).encode() if form is not None else None
    try:
        with urllib.request.urlopen(urllib.request.Request(f"http://127.0.0.1:{port}{path}", body, headers), timeout=20) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()
    except OSError:
        return 0, b""


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
