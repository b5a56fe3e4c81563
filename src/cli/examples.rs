//! `examples`: what people have marked on the QA page, for whoever writes patterns. No word in it is of one call alone.

use super::args::ExamplesArgs;
use super::audit::records;
use super::output::Output;
use crate::base::Result;
use crate::config::Settings;
use crate::serve::examples_of;

pub(super) fn run(args: &ExamplesArgs, settings: &Settings, out: &mut Output) -> Result<u8> {
    out.bytes(examples_of(&*records(&args.dest, settings)?)?.as_bytes())?;
    Ok(0)
}
