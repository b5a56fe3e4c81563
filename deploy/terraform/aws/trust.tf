# Who may take which role. Computed from variables alone, so that deploy/check can evaluate it without an account.

locals {
  # Tagging is all that may ever be done to an original, and only where it is asked for.
  tag_policies = var.tag_sources ? ["tag"] : []

  role_policies = {
    worker  = concat(["redact", "consume"], local.tag_policies)
    batch   = concat(["redact"], local.tag_policies)
    server  = ["serve"]
    auditor = ["audit"]
    scaler  = ["scale"]
  }

  # The service account that may take each role; auditors are people.
  service_accounts = {
    worker = "${var.kubernetes_namespace}:${var.helm_fullname}-worker"
    batch  = "${var.kubernetes_namespace}:${var.helm_fullname}-batch"
    server = "${var.kubernetes_namespace}:${var.helm_fullname}-server"
    scaler = var.keda_service_account
  }

  # The issuer, as the condition keys of its tokens begin.
  oidc_issuer = var.oidc_provider_arn == null ? "" : split(":oidc-provider/", var.oidc_provider_arn)[1]

  web_identity_trust = {
    for role, account in local.service_accounts : role => [{
      Effect    = "Allow"
      Action    = "sts:AssumeRoleWithWebIdentity"
      Principal = { Federated = var.oidc_provider_arn }
      Condition = {
        StringEquals = {
          "${local.oidc_issuer}:aud" = "sts.amazonaws.com"
          "${local.oidc_issuer}:sub" = "system:serviceaccount:${account}"
        }
      }
    }] if var.oidc_provider_arn != null
  }

  principal_trust = {
    for role, arns in var.role_principals : role => [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { AWS = arns }
    }] if length(arns) > 0
  }

  trust = {
    for role in keys(local.role_policies) : role =>
    concat(lookup(local.web_identity_trust, role, []), lookup(local.principal_trust, role, []))
  }

  # A role that nobody may take is not made.
  roles = { for role, statements in local.trust : role => local.role_policies[role] if length(statements) > 0 }

  role_policy_pairs = merge([
    for role, policies in local.roles : { for policy in policies : "${role}-${policy}" => { role = role, policy = policy } }
  ]...)
}
