output "raw_bucket" {
  description = "Where originals are uploaded to."
  value       = aws_s3_bucket.bucket["raw"].id
}

output "redacted_bucket" {
  description = "DEST is s3://<this>/."
  value       = aws_s3_bucket.bucket["redacted"].id
}

output "redacted_key_arn" {
  description = "The key that copies must be encrypted with."
  value       = aws_kms_key.bucket["redacted"].arn
}

output "queue_url" {
  description = "For `sordino worker --queue` and the Helm value worker.queueUrl."
  value       = aws_sqs_queue.events.url
}

output "dead_letter_queue_url" {
  description = "Where events with a reason wait for a person."
  value       = aws_sqs_queue.dead_letter.url
}

output "role_arns" {
  description = "By role; for the Helm values serviceAccount.roleArns."
  value       = { for name, role in aws_iam_role.role : name => role.arn }
}
