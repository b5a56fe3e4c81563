//! Whether a call is kept, and why: from its manifest, the holds on it and the time. Pure; whoever is in doubt keeps.

use super::hold::is_held;
use super::record::Hold;
use crate::base::Timestamp;
use crate::model::manifest::Retention;

/// Where a call stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// It must be kept: its retention is not over.
    Kept,
    /// It need not be kept and is not to be deleted yet.
    Free,
    /// It is to be deleted.
    Due,
    /// It is kept whatever the dates say.
    Held,
    /// The store has it locked.
    Locked,
    /// Its manifest or a hold cannot be read or trusted; it is not touched.
    Unreadable,
    /// It was deleted now.
    Deleted,
    /// It is to be deleted, and that failed.
    Failed,
}

impl Standing {
    /// All of them.
    pub const ALL: [Self; 8] =
        [Self::Kept, Self::Free, Self::Due, Self::Held, Self::Locked, Self::Unreadable, Self::Deleted, Self::Failed];

    /// The word in reports.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Kept => "kept",
            Self::Free => "free",
            Self::Due => "due",
            Self::Held => "held",
            Self::Locked => "locked",
            Self::Unreadable => "unreadable",
            Self::Deleted => "deleted",
            Self::Failed => "failed",
        }
    }
}

/// What the manifest, the hold record and the time say.
pub(super) fn standing(retention: &Retention, hold: Option<&Hold>, now: Timestamp) -> Standing {
    if is_held(Some(retention), hold) {
        Standing::Held
    } else if now < retention.retain_until {
        Standing::Kept
    } else if now > retention.delete_after {
        Standing::Due
    } else {
        Standing::Free
    }
}

#[cfg(test)]
mod tests {
    use super::super::record::{HOLD_SCHEMA, HeldFor, Said};
    use super::*;
    use crate::access::UserName;
    use crate::base::CallId;
    use proptest::prelude::*;

    fn retention(retain_days: u32, delete_days: u32, legal_hold: bool) -> Retention {
        let created = Timestamp::from_unix_s(1_700_000_000);
        Retention {
            class: "qa".into(),
            created,
            retain_until: created.plus_days(retain_days),
            delete_after: created.plus_days(delete_days),
            legal_hold,
        }
    }

    /// A record of so many matters, in which the hold from birth was released at a time or not.
    fn hold(matters: usize, birth_released: Option<Timestamp>) -> Hold {
        let (by, at) = ("ana".parse().unwrap(), Timestamp::from_unix_s(0));
        let matter = |n| HeldFor { matter: format!("matter-{n}").parse().unwrap(), by: UserName::clone(&by), at };
        Hold {
            schema: HOLD_SCHEMA.into(),
            call: CallId::from_mac(&[1; 32]),
            matters: (0..matters).map(matter).collect(),
            birth_released: birth_released.map(|at| Said { by: by.clone(), at }),
            by,
            at,
            signature: None,
        }
    }

    #[test]
    fn a_call_is_due_after_its_day_and_not_on_it() {
        let kept = retention(10, 20, false);
        let at = |days: u32, more: u64| Timestamp::from_unix_s(kept.created.plus_days(days).unix_s() + more);
        let of = |now| standing(&kept, None, now);
        assert_eq!(of(at(9, 0)), Standing::Kept);
        assert_eq!(of(at(10, 0)), Standing::Free);
        assert_eq!(of(at(20, 0)), Standing::Free);
        assert_eq!(of(at(20, 1)), Standing::Due);
    }

    proptest! {
        /// Whatever the dates say, what is held or must be kept is never due.
        #[test]
        fn nothing_that_is_held_or_kept_is_due(
            (retain, delete, now_days) in (0_u32..4000, 0_u32..4000, 0_u32..8000),
            born_held in any::<bool>(),
            said in prop::option::of((0_usize..3, prop::option::of(0_u64..2))),
        ) {
            let kept = retention(retain, delete, born_held);
            let now = kept.created.plus_days(now_days);
            // A release from birth one second before it, or at once.
            let released = |at: u64| Timestamp::from_unix_s(kept.created.unix_s() - 1 + at);
            let hold = said.map(|(matters, birth)| hold(matters, birth.map(released)));
            let is_due = standing(&kept, hold.as_ref(), now) == Standing::Due;
            let is_held = said.is_some_and(|(matters, _)| matters > 0)
                || (born_held && said.and_then(|(_, birth)| birth) != Some(1));
            prop_assert!(!is_due || (!is_held && now >= kept.retain_until && now > kept.delete_after));
        }
    }
}
