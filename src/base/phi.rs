//! `Phi` guards what may identify a patient; `Clean` marks what has been through redaction.
//! Neither may grow a way to print a guarded value.

/// A value that may hold protected health information: text, samples, file names.
///
/// It has no `Debug`, `Display` or `Serialize`, so it cannot reach a log, an error or a
/// manifest by accident. [`Phi::expose`] is the only way in, and is easy to search for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Phi<T: ?Sized>(T);

impl<T> Phi<T> {
    /// Guards a value.
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    /// The guarded value itself. The caller must not print, log or store it unredacted.
    pub fn into_exposed(self) -> T {
        self.0
    }

    /// Guards what `f` makes of the value.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Phi<U> {
        Phi(f(self.0))
    }
}

impl<T: ?Sized> Phi<T> {
    /// A look at the guarded value. The caller must not print, log or store it unredacted.
    pub const fn expose(&self) -> &T {
        &self.0
    }

    /// The guarded value, to be changed in place. The caller must not print, log or store it unredacted.
    pub const fn expose_mut(&mut self) -> &mut T {
        &mut self.0
    }
}

/// A value that redaction has proven to hold no protected health information.
///
/// Only `redact::verify` makes one (a test searches the source for other makers).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clean<T>(T);

impl<T> Clean<T> {
    /// For `redact::verify` alone.
    pub(crate) const fn attest(value: T) -> Self {
        Self(value)
    }

    /// The value, free to be written to a destination.
    pub const fn get(&self) -> &T {
        &self.0
    }

    /// The value, free to be written to a destination.
    pub fn into_inner(self) -> T {
        self.0
    }
}

static_assertions::assert_not_impl_any!(Phi<String>: std::fmt::Debug, std::fmt::Display, serde::Serialize);
static_assertions::assert_not_impl_any!(Phi<&'static str>: std::fmt::Debug, std::fmt::Display, serde::Serialize);
static_assertions::assert_not_impl_any!(Phi<Vec<u8>>: std::fmt::Debug, std::fmt::Display, serde::Serialize);
