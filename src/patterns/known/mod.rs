//! Known values compiled: the forms in which each can be said or written, and the names among them. Must
//! not look at a transcript.

mod address;
pub(crate) mod forms;
mod names;

pub use forms::{Form, Forms, PART_MIN, Trust};
pub use names::{Kin, Names};

use crate::model::{Category, KnownValue};

/// Known values, ready to be looked for.
#[derive(Default)]
pub struct Known {
    /// Every form of every value.
    pub forms: Forms,
    /// The words of the names.
    pub names: Names,
}

impl Known {
    /// Compiles values.
    pub fn of<'v>(values: impl IntoIterator<Item = &'v KnownValue>) -> Self {
        let (mut forms, mut names) = (Vec::new(), Vec::new());
        for value in values {
            let text = value.value.expose();
            forms::push(value.category, text, &mut forms);
            if value.category == Category::Name {
                names.push(names::words(text));
            }
        }
        Self { forms: Forms::of(forms), names: Names::of(&names) }
    }

    /// Whether there is nothing to look for.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.forms.list().is_empty()
    }
}
