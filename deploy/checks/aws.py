"""Deploys the event wiring to a server and tries it; then tries what each role may do there, with real requests.

The server is MiniStack, over TLS, because the policies refuse anything else. It judges signatures, IAM policies, queue and
bucket policies; access.py judges what it does not know.
"""
import importlib.machinery
import json
import pathlib
import socket
import subprocess
import sys
import tempfile
import time
import uuid

import boto3
import botocore.config
import botocore.exceptions

import policies
from report import Report

DEPLOY = pathlib.Path(__file__).resolve().parent.parent
SERVERS = importlib.machinery.SourceFileLoader("servers", str(DEPLOY.parent / "scripts" / "servers")).load_module()
START_S_MAX = 60
EVENT_S_MAX = 20
STACK_S_MAX = 60
# Statements that hang on what the server does not tell policies: whether a write is conditional.
NOT_KNOWN_THERE = {"ManifestsAreNeverOverwrittenBlindly", "RecordsAreNeverOverwrittenBlindly"}
# To AWS each of these is the right to several at once too; the server asks for that by a name of its own, which IAM has not.
IN_BATCHES = {"sqs:ChangeMessageVisibility", "sqs:DeleteMessage"}
KEY_WITH_ALL = "2026/11/21/Call of +1 555-0100 é.wav"


def main():
    report = Report("aws")
    with tempfile.TemporaryDirectory(prefix="sordino-deploy-") as folder:
        servers = SERVERS.Servers(folder)
        try:
            account = start(servers, pathlib.Path(folder))
            wiring(report, account)
            roles(report, account)
        finally:
            servers.stop()
    report.close()


class Account:
    """The server as its owner, or as a role, sees it."""

    def __init__(self, url, authority, access="test", secret="test", token=None):
        self.reached = {"endpoint_url": url, "verify": str(authority), "region_name": "us-east-1"}
        self.session = boto3.Session(access, secret, token)

    def client(self, service):
        config = botocore.config.Config(s3={"addressing_style": "path"}, retries={"max_attempts": 1})
        return self.session.client(service, config=config, **self.reached)

    def taking(self, role):
        """The same server with the role's credentials."""
        given = self.client("sts").assume_role(RoleArn=role, RoleSessionName="deploy-check")["Credentials"]
        return Account(self.reached["endpoint_url"], self.reached["verify"], given["AccessKeyId"],
                       given["SecretAccessKey"], given["SessionToken"])


def start(servers, folder):
    authority = folder / "authority.crt"
    make_certificate(authority, "CA:TRUE")
    certificate = folder / "server.crt"
    make_certificate(certificate, "CA:FALSE", "-addext", "subjectAltName=IP:127.0.0.1",
                     "-CA", authority, "-CAkey", authority.with_suffix(".key"))
    [port] = SERVERS.free_ports(1)
    servers.start("ministack", SERVERS.installed() / "ministack", AUTH="true", BIND_HOST="127.0.0.1", USE_SSL="1",
                  GATEWAY_PORT=str(port), MINISTACK_SSL_CERT=str(certificate),
                  MINISTACK_SSL_KEY=str(certificate.with_suffix(".key")))
    end = time.monotonic() + START_S_MAX
    while time.monotonic() < end:
        try:
            socket.create_connection(("127.0.0.1", port), 5).close()
            return Account(f"https://127.0.0.1:{port}", authority)
        except OSError:
            time.sleep(0.05)
    sys.exit("aws: the server does not answer")


def make_certificate(path, constraints, *more):
    """A certificate and its key beside it, good for two days."""
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                    "-days", "2", "-subj", f"/CN={path.stem}", "-addext", f"basicConstraints=critical,{constraints}", *more,
                    "-keyout", path.with_suffix(".key"), "-out", path], check=True, capture_output=True)


def wiring(report, account):
    """The stack deployed: uploads become events, events that nobody can do go aside, and nobody else may send any."""
    name = f"wired-{uuid.uuid4().hex[:6]}"
    outputs = deployed(account, name)
    s3, sqs = account.client("s3"), account.client("sqs")
    bucket, queue, dead = outputs["RawBucketName"], outputs["QueueUrl"], outputs["DeadLetterQueueUrl"]
    attributes = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["All"])["Attributes"]
    number = account.client("sts").get_caller_identity()["Account"]
    given = policies.values(number, raw=bucket, queue=f"{name}-events", dead=f"{name}-dead-letter")
    report.expect(json.loads(attributes["Policy"]) == policies.policy("queue-events", given),
                  "the stack's queue policy is another than Terraform's")
    report.expect(json.loads(attributes["RedrivePolicy"])["deadLetterTargetArn"] == given["dead_letter_queue"],
                  "events do not go to the dead-letter queue")
    drained(sqs, queue)

    s3.put_object(Bucket=bucket, Key=KEY_WITH_ALL, Body=b"RIFF")
    [event] = received(sqs, queue, 1)
    [record] = json.loads(event["Body"])["Records"]
    report.expect(record["eventName"] == "ObjectCreated:Put", f"a put is {record['eventName']}")
    report.expect(record["s3"]["bucket"]["name"] == bucket, "the event names another bucket")
    report.expect(set(record["s3"]["object"]) >= {"key", "size", "eTag", "versionId", "sequencer"}, "the event lacks fields")
    sqs.delete_message(QueueUrl=queue, ReceiptHandle=event["ReceiptHandle"])

    upload = s3.create_multipart_upload(Bucket=bucket, Key="long.wav")["UploadId"]
    part = s3.upload_part(Bucket=bucket, Key="long.wav", UploadId=upload, PartNumber=1, Body=b"RIFF")
    s3.complete_multipart_upload(Bucket=bucket, Key="long.wav", UploadId=upload,
                                 MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]})
    [event] = received(sqs, queue, 1)
    report.expect("CompleteMultipartUpload" in event["Body"], "a multipart upload makes no event")
    sqs.delete_message(QueueUrl=queue, ReceiptHandle=event["ReceiptHandle"])

    s3.delete_object(Bucket=bucket, Key="long.wav")
    report.expect(received(sqs, queue, 1, within=1) == [], "a deletion makes an event")

    s3.put_object(Bucket=bucket, Key="poison.wav", Body=b"RIFF")
    deliveries = 0
    while received(sqs, queue, 1, within=3, lease=0):
        deliveries += 1
    report.expect(deliveries == 2, f"delivered {deliveries} times before it was set aside, not MaxReceiveCount")
    report.expect(len(received(sqs, dead, 1)) == 1, "the poison message is not in the dead-letter queue")


def deployed(account, name):
    """The outputs of the stack, with a small receive count."""
    stacks = account.client("cloudformation")
    parameters = {"Name": name, "MaxReceiveCount": "2", "VisibilityTimeoutSeconds": "30"}
    stacks.create_stack(
        StackName=name, TemplateBody=(DEPLOY / "cloudformation" / "events.yaml").read_text(),
        Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()])
    end = time.monotonic() + STACK_S_MAX
    while time.monotonic() < end:
        [stack] = stacks.describe_stacks(StackName=name)["Stacks"]
        if stack["StackStatus"] == "CREATE_COMPLETE":
            return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
        if stack["StackStatus"] != "CREATE_IN_PROGRESS":
            break
        time.sleep(0.2)
    sys.exit(f"aws: the stack ends as {stack['StackStatus']}: {stack.get('StackStatusReason')}")


def received(sqs, queue, count, within=EVENT_S_MAX, lease=30):
    """Up to `count` messages, as soon as they are there."""
    found, end = [], time.monotonic() + within
    while len(found) < count and time.monotonic() < end:
        answer = sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=1, MaxNumberOfMessages=count, VisibilityTimeout=lease)
        found += answer.get("Messages", [])
    return found


def drained(sqs, queue):
    """Takes away the test event that S3 sends when it is wired."""
    for message in received(sqs, queue, 10, within=2):
        sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])


def roles(report, account):
    """Each role as Terraform makes it tries what it may and what it may not do."""
    place = Place(account)
    for who, names, tries in (
        ("worker", ["redact", "consume"], worker),
        ("batch", ["redact"], batch),
        ("tagging", ["redact", "tag"], tagging),
        ("server", ["serve"], server),
        ("auditor", ["audit"], auditor),
        ("scaler", ["scale"], scaler),
    ):
        taken = account.taking(place.role(who, names))
        tries(Tries(report, who), place, taken.client("s3"), taken.client("sqs"))
    owner(Tries(report, "owner"), place, account.taking(place.role("owner", [])).client("s3"))


class Place:
    """Two buckets and two queues under Terraform's policies, with something in each."""

    def __init__(self, account):
        mark = uuid.uuid4().hex[:6]
        self.iam, s3, sqs = (account.client(service) for service in ("iam", "s3", "sqs"))
        self.raw, self.redacted, self.mark = f"raw-{mark}", f"redacted-{mark}", mark
        events, dead = f"events-{mark}", f"dead-{mark}"
        self.number = account.client("sts").get_caller_identity()["Account"]
        self.given = policies.values(self.number, self.raw, self.redacted, events, dead)
        for bucket in (self.raw, self.redacted):
            s3.create_bucket(Bucket=bucket)
            s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
        self.queue, self.dead = (sqs.create_queue(QueueName=name)["QueueUrl"] for name in (events, dead))
        redrive = {"deadLetterTargetArn": self.given["dead_letter_queue"], "maxReceiveCount": "15"}
        sqs.set_queue_attributes(QueueUrl=self.queue, Attributes={"RedrivePolicy": json.dumps(redrive)})
        s3.put_object(Bucket=self.raw, Key="call.wav", Body=b"RIFF")
        for key in ("c/manifest.json", "c/recording.wav", ".held/d.json", ".audit/1.json"):
            self.version = s3.put_object(Bucket=self.redacted, Key=key, Body=b"{}")["VersionId"]
        sqs.send_message(QueueUrl=self.queue, MessageBody="{}")  # No event of a bucket: what is set aside.
        for queue, name in ((self.queue, "queue-events"), (self.dead, "queue-dead-letter")):
            sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": json.dumps(policies.policy(name, self.given))})
        for bucket, name in ((self.raw, "bucket-raw"), (self.redacted, "bucket-redacted")):
            document = policies.policy(name, self.given)
            document["Statement"] = [s for s in document["Statement"] if s["Sid"] not in NOT_KNOWN_THERE]
            s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(document))

    def role(self, who, names):
        """A role with the policies of that name; the owner's may do everything."""
        anybody = [{"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{self.number}:root"}, "Action": "sts:AssumeRole"}]
        name = f"{who}-{self.mark}"
        made = self.iam.create_role(
            RoleName=name, AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": anybody}))
        everything = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
        documents = {n: with_batches(policies.policy(n, self.given)) for n in names} or {"owner": everything}
        for policy, document in documents.items():
            self.iam.put_role_policy(RoleName=name, PolicyName=policy, PolicyDocument=json.dumps(document))
        return made["Role"]["Arn"]


def with_batches(document):
    """A policy as the server must have it."""
    for statement in document["Statement"]:
        actions = statement.get("Action", [])
        actions = [actions] if isinstance(actions, str) else actions
        if batches := [f"{action}Batch" for action in actions if action in IN_BATCHES]:
            statement["Action"] = actions + batches
    return document


class Tries:
    """Requests of one role, each with the answer that it must have."""

    def __init__(self, report, who):
        self.report, self.who = report, who

    def may(self, request, **arguments):
        """The request is carried out."""
        return self.answers(None, request, **arguments)

    def may_not(self, request, **arguments):
        """The request is refused for lack of rights, not for any other reason."""
        self.answers("AccessDenied", request, **arguments)

    def answers(self, code, request, **arguments):
        """The request ends with this error code; None for none."""
        try:
            answer, got = request(**arguments), None
        except botocore.exceptions.ClientError as error:
            answer, got = None, error.response["Error"]["Code"]
        named = {key: value for key, value in arguments.items() if key in ("Key", "Prefix", "QueueUrl")}
        got = "AccessDenied" if got in ("AccessDenied", "AccessDeniedException", "403") else got
        self.report.expect(got == code, f"{self.who}: {request.__name__} {named}: {got or 'is allowed'}, not {code or 'allowed'}")
        return answer


def worker(tries, place, s3, sqs):
    batch(tries, place, s3, None)
    message = (tries.may(sqs.receive_message, QueueUrl=place.queue, WaitTimeSeconds=5) or {}).get("Messages", [{}])[0]
    receipt = {"QueueUrl": place.queue, "ReceiptHandle": message.get("ReceiptHandle", "none")}
    tries.may(sqs.change_message_visibility, VisibilityTimeout=30, **receipt)
    tries.may(sqs.delete_message, **receipt)
    several = {"QueueUrl": place.queue, "Entries": [{"Id": "0", "ReceiptHandle": receipt["ReceiptHandle"]}]}
    tries.may(sqs.delete_message_batch, **several)
    tries.may(sqs.get_queue_attributes, QueueUrl=place.queue, AttributeNames=["RedrivePolicy"])
    tries.may(sqs.send_message, QueueUrl=place.dead, MessageBody="{}")
    tries.may_not(sqs.receive_message, QueueUrl=place.dead)
    tries.may_not(sqs.send_message, QueueUrl=place.queue, MessageBody="{}")
    tries.may_not(sqs.purge_queue, QueueUrl=place.queue)
    tries.may_not(sqs.delete_queue, QueueUrl=place.queue)


def batch(tries, place, s3, sqs):
    raw, redacted = {"Bucket": place.raw}, {"Bucket": place.redacted}
    tries.may(s3.get_object, Key="call.wav", **raw)
    tries.may(s3.list_objects_v2, Prefix="call.", **raw)
    tries.may_not(s3.put_object, Key="call.wav", Body=b"", **raw)
    tries.may_not(s3.put_object_tagging, Key="call.wav", Tagging={"TagSet": []}, **raw)
    tries.may_not(s3.delete_object, Key="call.wav", **raw)
    tries.may_not(s3.delete_bucket, **raw)

    tries.may(s3.get_object, Key="c/manifest.json", **redacted)
    tries.may(s3.get_object, Key=".held/d.json", **redacted)
    tries.answers("NoSuchKey", s3.get_object, Key="e/manifest.json", **redacted)
    key = f"{tries.who}/recording.wav"
    tries.may(s3.put_object, Key=key, Body=b"RIFF", IfNoneMatch="*", Tagging="sordino:class=redacted", **redacted)
    tries.may(s3.put_object_tagging, Key=key, Tagging={"TagSet": [{"Key": "sordino:superseded", "Value": "true"}]}, **redacted)
    tries.may_not(s3.put_object, Key=key, Body=b"RIFF", ServerSideEncryption="AES256", **redacted)
    upload = (tries.may(s3.create_multipart_upload, Key=key, **redacted) or {}).get("UploadId", "none")
    tries.may(s3.upload_part, Key=key, UploadId=upload, PartNumber=1, Body=b"RIFF", **redacted)
    tries.may(s3.abort_multipart_upload, Key=key, UploadId=upload, **redacted)
    tries.may_not(s3.delete_object, Key=key, **redacted)
    tries.may_not(s3.delete_object, Key=".held/d.json", **redacted)
    tries.may_not(s3.delete_object, Key=".audit/1.json", VersionId=place.version, **redacted)
    tries.may_not(s3.delete_bucket_policy, **redacted)
    tries.may_not(s3.put_bucket_lifecycle_configuration, LifecycleConfiguration={"Rules": []}, **redacted)
    tries.may_not(s3.get_object, Key=".audit/1.json", **redacted)
    tries.may_not(s3.put_object, Key=".audit/2.json", Body=b"{}", **redacted)
    tries.may_not(s3.list_objects_v2, Prefix=".audit/", **redacted)
    if sqs:
        tries.may_not(sqs.receive_message, QueueUrl=place.queue)


def tagging(tries, place, s3, sqs):
    raw = {"Bucket": place.raw, "Key": "call.wav"}
    tries.may(s3.get_object_tagging, **raw)
    tries.may(s3.put_object_tagging, Tagging={"TagSet": [{"Key": "sordino:processed", "Value": "true"}]}, **raw)
    tries.may_not(s3.put_object, Body=b"", **raw)
    tries.may_not(s3.delete_object_tagging, **raw)
    tries.may_not(s3.delete_object, **raw)


def server(tries, place, s3, sqs):
    redacted = {"Bucket": place.redacted}
    tries.may(s3.get_object, Key="c/recording.wav", **redacted)
    tries.may(s3.get_object, Key=".held/d.json", **redacted)
    tries.may(s3.list_objects_v2, **redacted)
    tries.may(s3.list_object_versions, Prefix="c/", **redacted)
    for key in ("c/recording.wav", "c/manifest.json", ".held/d.json", ".labels/1.jsonl"):
        tries.may_not(s3.put_object, Key=key, Body=b"", **redacted)
        tries.may_not(s3.delete_object, Key=key, **redacted)
    for key in (".audit/3.json", ".access/users.json", ".notes/c.json", ".orders/c.json", ".retention/hold-c.json"):
        tag = (tries.may(s3.put_object, Key=key, Body=b"{}", IfNoneMatch="*", **redacted) or {}).get("ETag", "none")
        tries.answers("PreconditionFailed", s3.put_object, Key=key, Body=b"{}", IfNoneMatch="*", **redacted)
        tries.may(s3.put_object, Key=key, Body=b"{ }", IfMatch=tag, **redacted)
        version = (tries.may(s3.get_object, Key=key, **redacted) or {}).get("VersionId", "none")
        tries.may_not(s3.delete_object, Key=key, VersionId=version, **redacted)
        (tries.may if key.startswith(".orders/") else tries.may_not)(s3.delete_object, Key=key, **redacted)
    tries.may_not(s3.delete_bucket_policy, **redacted)
    tries.may_not(s3.put_object_tagging, Key="c/recording.wav", Tagging={"TagSet": []}, **redacted)
    tries.may_not(s3.get_object, Bucket=place.raw, Key="call.wav")
    tries.may_not(s3.list_objects_v2, Bucket=place.raw)
    tries.may_not(sqs.receive_message, QueueUrl=place.queue)


def auditor(tries, place, s3, sqs):
    redacted = {"Bucket": place.redacted}
    tries.may(s3.get_object, Key=".audit/1.json", **redacted)
    tries.may(s3.get_object, Key="c/manifest.json", **redacted)
    tries.may(s3.list_objects_v2, Prefix=".audit/", **redacted)
    tries.may_not(s3.get_object, Key="c/recording.wav", **redacted)
    tries.may_not(s3.put_object, Key=".audit/4.json", Body=b"{}", **redacted)
    tries.may_not(s3.delete_object, Key=".audit/1.json", **redacted)
    tries.may_not(s3.get_object, Bucket=place.raw, Key="call.wav")
    tries.may_not(sqs.receive_message, QueueUrl=place.queue)


def scaler(tries, place, s3, sqs):
    tries.may(sqs.get_queue_attributes, QueueUrl=place.queue, AttributeNames=["ApproximateNumberOfMessages"])
    tries.may_not(sqs.receive_message, QueueUrl=place.queue)
    tries.may_not(s3.list_objects_v2, Bucket=place.raw)


def owner(tries, place, s3):
    """Who may do everything still cannot take from the audit log."""
    redacted = {"Bucket": place.redacted}
    tries.may(s3.get_object, Key=".audit/1.json", **redacted)
    tries.may_not(s3.delete_object, Key=".audit/1.json", **redacted)
    tries.may_not(s3.delete_object, Key=".audit/1.json", VersionId=place.version, **redacted)
    tries.may(s3.delete_object, Key="c/recording.wav", **redacted)


if __name__ == "__main__":
    main()
