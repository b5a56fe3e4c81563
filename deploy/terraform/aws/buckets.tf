# Originals come into `raw` and are never changed. `redacted` holds finished calls, records of held ones (`.held/`), the
# audit log (`.audit/`), and what the QA page keeps (`.access/`, `.notes/`, `.orders/`, `.spans/`, `.retention/`, `.labels/`).

resource "aws_kms_key" "bucket" {
  for_each = local.bucket_names

  description             = "Objects of ${each.value}"
  enable_key_rotation     = true
  deletion_window_in_days = 30
  tags                    = local.tags
}

resource "aws_kms_alias" "bucket" {
  for_each = local.bucket_names

  name          = "alias/${each.value}"
  target_key_id = aws_kms_key.bucket[each.key].key_id
}

resource "aws_s3_bucket" "bucket" {
  for_each = local.bucket_names

  bucket              = each.value
  object_lock_enabled = each.key == "redacted"
  tags                = local.tags

  lifecycle {
    prevent_destroy = true
  }
}

resource "aws_s3_bucket_public_access_block" "bucket" {
  for_each = aws_s3_bucket.bucket

  bucket                  = each.value.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_ownership_controls" "bucket" {
  for_each = aws_s3_bucket.bucket

  bucket = each.value.id

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_versioning" "bucket" {
  for_each = aws_s3_bucket.bucket

  bucket = each.value.id

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "bucket" {
  for_each = aws_s3_bucket.bucket

  bucket = each.value.id

  rule {
    # One request to KMS for many objects rather than one each.
    bucket_key_enabled = true

    apply_server_side_encryption_by_default {
      sse_algorithm     = "aws:kms"
      kms_master_key_id = aws_kms_key.bucket[each.key].arn
    }
  }
}

resource "aws_s3_bucket_policy" "bucket" {
  for_each = aws_s3_bucket.bucket

  bucket = each.value.id
  policy = templatefile("${path.module}/policies/bucket-${each.key}.json", local.policy_values)

  # S3 refuses both at once.
  depends_on = [aws_s3_bucket_public_access_block.bucket]
}

resource "aws_s3_bucket_object_lock_configuration" "redacted" {
  count = var.object_lock_default == null ? 0 : 1

  bucket = aws_s3_bucket.bucket["redacted"].id

  rule {
    default_retention {
      mode = var.object_lock_default.mode
      days = var.object_lock_default.days
    }
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "raw" {
  bucket = aws_s3_bucket.bucket["raw"].id

  rule {
    id     = "abort-uploads"
    status = "Enabled"
    filter {}

    abort_incomplete_multipart_upload {
      days_after_initiation = 1
    }
  }

  dynamic "rule" {
    for_each = var.raw_expiration_days == null ? [] : [var.raw_expiration_days]

    content {
      id     = "expire-originals"
      status = "Enabled"
      filter {}

      expiration {
        days = rule.value
      }

      noncurrent_version_expiration {
        noncurrent_days = 1
      }
    }
  }

  depends_on = [aws_s3_bucket_versioning.bucket]
}

resource "aws_s3_bucket_lifecycle_configuration" "redacted" {
  bucket = aws_s3_bucket.bucket["redacted"].id

  # Parts of killed writers: nothing that was committed is among them.
  rule {
    id     = "abort-uploads"
    status = "Enabled"
    filter {}

    abort_incomplete_multipart_upload {
      days_after_initiation = 1
    }
  }

  # Artifacts whose call has been replaced. No role may delete them, so the store tags them and the bucket lets them
  # go; Object Lock keeps what is still under retention.
  rule {
    id     = "expire-superseded"
    status = "Enabled"

    filter {
      tag {
        key   = "sordino:superseded"
        value = "true"
      }
    }

    expiration {
      days = var.superseded_days
    }
  }

  # Versions that were overwritten, and the markers of expired objects. Of the audit log these are segments that have only
  # grown since.
  rule {
    id     = "expire-overwritten"
    status = "Enabled"
    filter {}

    noncurrent_version_expiration {
      noncurrent_days = var.superseded_days
    }

    expiration {
      expired_object_delete_marker = true
    }
  }

  depends_on = [aws_s3_bucket_versioning.bucket]
}
