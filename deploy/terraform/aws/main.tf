# Everything `sordino` needs of an AWS account but the compute: two buckets, their keys, the queue of upload events,
# roles, alarms. docs/deploy.md says which of it to use when.

data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

data "aws_region" "current" {}

locals {
  account   = data.aws_caller_identity.current.account_id
  partition = data.aws_partition.current.partition

  # Known before the buckets are, so that the queue's policy can name the raw one without a circle.
  bucket_names = { for use in ["raw", "redacted"] : use => "${var.name}-${use}-${local.account}" }
  bucket_arns  = { for use, name in local.bucket_names : use => "arn:${local.partition}:s3:::${name}" }

  # What the templates in policies/ are filled in with.
  policy_values = {
    account           = local.account
    audit_prefix      = ".audit/"
    dead_letter_queue = aws_sqs_queue.dead_letter.arn
    lambda_logs       = "arn:${local.partition}:logs:${data.aws_region.current.region}:${local.account}:log-group:/aws/lambda/${var.name}"
    queue             = aws_sqs_queue.events.arn
    raw               = local.bucket_arns["raw"]
    raw_key           = aws_kms_key.bucket["raw"].arn
    redacted          = local.bucket_arns["redacted"]
    redacted_key      = aws_kms_key.bucket["redacted"].arn
    s3_service        = "s3.${data.aws_region.current.region}.amazonaws.com"
  }

  tags = merge({ application = "sordino" }, var.tags)
}
