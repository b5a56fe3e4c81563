# The worker as a function, where calls come in bursts and nobody wants to run a cluster. Recordings up to what fits
# into the scratch disk twice; longer ones belong to the batch.

locals {
  lambda_timeout_seconds = 900

  # SQS asks for a multiple of the function's timeout; a worker that extends its own leases needs only its lease.
  visibility_timeout_seconds = var.lambda == null ? 60 : 6 * local.lambda_timeout_seconds
}

resource "aws_iam_role" "lambda" {
  count = var.lambda == null ? 0 : 1

  name = "${var.name}-lambda"
  tags = local.tags

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "lambda.amazonaws.com" }
      Condition = { StringEquals = { "aws:SourceAccount" = local.account } }
    }]
  })
}

resource "aws_iam_role_policy" "lambda" {
  for_each = var.lambda == null ? toset([]) : toset(concat(["redact", "consume", "log"], local.tag_policies))

  name   = each.value
  role   = aws_iam_role.lambda[0].id
  policy = templatefile("${path.module}/policies/${each.value}.json", local.policy_values)
}

resource "aws_cloudwatch_log_group" "lambda" {
  count = var.lambda == null ? 0 : 1

  name              = "/aws/lambda/${var.name}"
  retention_in_days = 90
  tags              = local.tags
}

resource "aws_lambda_function" "worker" {
  count = var.lambda == null ? 0 : 1

  function_name = var.name
  role          = aws_iam_role.lambda[0].arn
  package_type  = "Image"
  image_uri     = var.lambda.image_uri
  architectures = [var.lambda.architecture]
  memory_size   = var.lambda.memory_mb
  timeout       = local.lambda_timeout_seconds
  kms_key_arn   = aws_kms_key.bucket["redacted"].arn
  tags          = local.tags

  image_config {
    command = ["lambda", "s3://${local.bucket_names["redacted"]}/"]
  }

  ephemeral_storage {
    size = var.lambda.scratch_mb
  }

  environment {
    variables = merge(
      var.lambda.environment,
      { SORDINO_CALL_ID_KEY = var.call_id_key },
      var.tag_sources ? { SORDINO_TAG_SOURCES = "true" } : {},
    )
  }

  depends_on = [aws_cloudwatch_log_group.lambda, aws_iam_role_policy.lambda]

  lifecycle {
    precondition {
      condition     = var.call_id_key == null ? false : length(var.call_id_key) >= 16
      error_message = "Set call_id_key, at least 16 bytes: without it every copy of the function would name calls differently."
    }
  }
}

resource "aws_lambda_event_source_mapping" "events" {
  count = var.lambda == null ? 0 : 1

  event_source_arn        = aws_sqs_queue.events.arn
  function_name           = aws_lambda_function.worker[0].arn
  batch_size              = 1
  function_response_types = ["ReportBatchItemFailures"]

  scaling_config {
    maximum_concurrency = var.lambda.concurrency_max
  }

  depends_on = [aws_iam_role_policy.lambda]
}
