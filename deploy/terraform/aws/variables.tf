variable "name" {
  description = "Prefix of all names. Bucket names get the account's number too."
  type        = string
  default     = "sordino"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,20}$", var.name))
    error_message = "Lower-case letters, digits and hyphens, 2 to 21 characters, a letter first."
  }
}

variable "tags" {
  description = "Tags of every resource."
  type        = map(string)
  default     = {}
}

variable "event_prefix" {
  description = "Only uploads below this prefix of the raw bucket become events, \"\" for all."
  type        = string
  default     = ""
}

variable "raw_expiration_days" {
  description = "Days after which originals expire, null to keep them. Set it only where the law and your contracts let originals go."
  type        = number
  default     = null

  validation {
    condition     = var.raw_expiration_days == null ? true : var.raw_expiration_days >= 1
    error_message = "At least one day."
  }
}

variable "superseded_days" {
  description = "Days that artifacts of a replaced call stay, so that readers of the old manifest can finish, and that overwritten versions can be had back."
  type        = number
  default     = 7

  validation {
    condition     = var.superseded_days >= 1
    error_message = "At least one day: a reader may have just opened the old manifest."
  }
}

variable "object_lock_default" {
  description = "Retention of every new object of the redacted bucket that carries none of its own, null for none. COMPLIANCE cannot be shortened by anybody, the account's owner included."
  type        = object({ mode = string, days = number })
  default     = null

  validation {
    condition     = var.object_lock_default == null ? true : contains(["GOVERNANCE", "COMPLIANCE"], var.object_lock_default.mode)
    error_message = "mode is GOVERNANCE or COMPLIANCE."
  }
}

variable "max_receive_count" {
  description = "Deliveries after which SQS itself moves a message to the dead-letter queue: above the worker's deliveries-max (10), which moves it with a reason."
  type        = number
  default     = 15

  validation {
    condition     = var.max_receive_count > 10
    error_message = "Above 10, so that the worker comes first and leaves a reason."
  }
}

variable "oldest_message_alarm_seconds" {
  description = "Age of the oldest waiting event that raises the alarm."
  type        = number
  default     = 3600
}

variable "alarm_topic_arns" {
  description = "SNS topics that hear of alarms."
  type        = list(string)
  default     = []
}

variable "oidc_provider_arn" {
  description = "The cluster's IAM OIDC provider, so that service accounts can take the roles (IRSA); null without Kubernetes."
  type        = string
  default     = null
}

variable "kubernetes_namespace" {
  description = "Namespace of the Helm release."
  type        = string
  default     = "sordino"
}

variable "helm_fullname" {
  description = "What the Helm release calls its resources: the release's name where `sordino` is in it, else RELEASE-sordino."
  type        = string
  default     = "sordino"
}

variable "keda_service_account" {
  description = "KEDA's operator, NAMESPACE:NAME; it takes the scaler role to read the queue's depth."
  type        = string
  default     = "keda:keda-operator"
}

variable "role_principals" {
  description = "Further principals that may take a role, by role: an EC2 instance's role for worker or batch, your auditors' single sign-on role for auditor."
  type        = map(list(string))
  default     = {}

  validation {
    condition     = length(setsubtract(keys(var.role_principals), ["worker", "batch", "server", "auditor", "scaler"])) == 0
    error_message = "Roles are worker, batch, server, auditor, scaler."
  }
}

variable "tag_sources" {
  description = "Let originals of published calls be tagged (`--tag-sources`), for a lifecycle rule to archive or delete them by."
  type        = bool
  default     = false
}

variable "lambda" {
  description = "Run the worker as a Lambda function from this container image; null where Kubernetes or a machine runs it."
  type = object({
    image_uri       = string
    architecture    = optional(string, "arm64")
    memory_mb       = optional(number, 1769)
    scratch_mb      = optional(number, 10240)
    concurrency_max = optional(number, 50)
    environment     = optional(map(string), {})
  })
  default = null
}

variable "call_id_key" {
  description = "Key of call ids for Lambda, the same as everywhere else. It is kept in the state: keep that encrypted."
  type        = string
  default     = null
  sensitive   = true
}
