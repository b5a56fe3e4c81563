//! Redacts one call.

mod mutes;
mod plan;
#[cfg(test)]
pub(crate) mod testing;

pub use plan::plan;
