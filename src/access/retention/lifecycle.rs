//! Lifecycle rules of a bucket that match a policy, as `aws s3api put-bucket-lifecycle-configuration` takes them. They
//! are a second line: a bucket knows neither manifests nor holds other than its own, so that they come later than a sweep.

use crate::base::{Error, Result};
use crate::model::RetentionPolicy;
use serde_json::{Value, json};

/// Days of which S3 knows rules.
const DAYS_MAX: u32 = 2_147_483_647;

/// What rules are made for.
pub struct Lifecycle<'a> {
    /// Policies that calls are redacted under.
    pub policies: &'a [RetentionPolicy],
    /// What keys begin with: empty, or ends with `/`.
    pub prefix: &'a str,
    /// Days after `delete-after-days` at which a bucket deletes what no sweep has.
    pub grace_days: u32,
}

/// The rules, one object.
///
/// # Errors
/// A usage error when two policies have one class and other days.
pub fn lifecycle(of: &Lifecycle<'_>) -> Result<Value> {
    let mut rules = vec![json!({
        "ID": "sordino-abort-uploads", "Status": "Enabled", "Filter": { "Prefix": of.prefix },
        "AbortIncompleteMultipartUpload": { "DaysAfterInitiation": 1 },
    })];
    rules.push(json!({
        "ID": "sordino-superseded", "Status": "Enabled",
        "Filter": filter(of.prefix, "sordino:superseded", "true"),
        "Expiration": { "Days": 1 }, "NoncurrentVersionExpiration": { "NoncurrentDays": 1 },
    }));
    let mut policies: Vec<&RetentionPolicy> = Vec::new();
    for policy in of.policies {
        match policies.iter().find(|known| known.class == policy.class) {
            Some(known) if known.delete_after_days != policy.delete_after_days => {
                return Err(Error::usage(format!("retention class {}: two policies with other days", policy.class))
                    .hint("give each its own retention.class: a bucket sees the class alone"));
            }
            Some(_) => {}
            None => policies.push(policy),
        }
    }
    for policy in policies {
        let days = policy.delete_after_days.saturating_add(of.grace_days).clamp(1, DAYS_MAX);
        rules.push(json!({
            "ID": format!("sordino-expire-{}", policy.class), "Status": "Enabled",
            "Filter": filter(of.prefix, "sordino:retention", &policy.class),
            "Expiration": { "Days": days }, "NoncurrentVersionExpiration": { "NoncurrentDays": 1 },
        }));
    }
    Ok(json!({ "Rules": rules }))
}

fn filter(prefix: &str, key: &str, value: &str) -> Value {
    let tag = json!({ "Key": key, "Value": value });
    if prefix.is_empty() { json!({ "Tag": tag }) } else { json!({ "And": { "Prefix": prefix, "Tags": [tag] } }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_class_expires_after_its_days_and_the_grace() {
        let other = RetentionPolicy { class: "short".into(), delete_after_days: 30, ..RetentionPolicy::default() };
        let policies = [RetentionPolicy::default(), other.clone(), other];
        let rules = lifecycle(&Lifecycle { policies: &policies, prefix: "qa/", grace_days: 30 }).unwrap();
        let rules = rules["Rules"].as_array().unwrap();
        assert_eq!(rules.len(), 4);
        assert_eq!(rules[3]["Expiration"]["Days"], 60);
        assert_eq!(rules[3]["Filter"]["And"]["Tags"][0]["Value"], "short");
        let clash =
            [RetentionPolicy::default(), RetentionPolicy { delete_after_days: 1, ..RetentionPolicy::default() }];
        assert!(lifecycle(&Lifecycle { policies: &clash, prefix: "", grace_days: 0 }).is_err());
    }
}
