# One role for each thing that runs, with the least it needs. The rights themselves are the files in policies/,
# which deploy/check tries against a server.
#
#   worker   redact + consume        reads originals, writes copies; deletes nothing, sees no audit log
#   batch    redact                  the same without the queue
#   server   serve                   reads copies and changes none; extends the audit log; writes users, notes, orders, holds
#   auditor  audit                   reads manifests and the audit log; hears and reads no call
#   scaler   scale                   reads the queue's depth, for KEDA
#   lambda   redact + consume + log  the worker as a function
#
# With `tag_sources` the first two and the last also have `tag`: they may tag originals, and change nothing else of them.

resource "aws_iam_role" "role" {
  for_each = local.roles

  name                 = "${var.name}-${each.key}"
  assume_role_policy   = jsonencode({ Version = "2012-10-17", Statement = local.trust[each.key] })
  max_session_duration = 3600
  tags                 = local.tags
}

resource "aws_iam_role_policy" "role" {
  for_each = local.role_policy_pairs

  name   = each.value.policy
  role   = aws_iam_role.role[each.value.role].id
  policy = templatefile("${path.module}/policies/${each.value.policy}.json", local.policy_values)
}
