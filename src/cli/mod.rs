//! The commands: arguments in, results on standard output, everything else on standard error.

mod args;
mod audit;
mod choose;
mod clock;
mod detect;
mod events;
mod examples;
mod keys;
mod known;
mod label;
#[cfg_attr(not(feature = "cloud"), path = "no_lambda.rs")]
mod lambda;
mod output;
mod patterns;
mod progress;
mod redact;
mod report;
mod retention;
mod runtime;
mod scan;
mod serve;
mod since;
mod summary;
mod users;
mod verify;
mod worker;

use crate::base::{Error, Kind, Result, why};
use crate::config::{Environment, Fields, Settings};
use args::{Cli, Command};
use clap::{CommandFactory, Parser};
use output::Output;
use std::path::Path;
use std::process::ExitCode;

/// Runs the program with the process's arguments.
///
/// 0 every call redacted or already done, 3 at least one call held, 2 wrong usage or configuration,
/// 1 anything else.
#[must_use]
pub fn main() -> ExitCode {
    output::silence_panics();
    // clap prints help, usage errors and their exit code (2) itself.
    let cli = Cli::parse();
    let code = std::panic::catch_unwind(|| dispatch(cli)).unwrap_or(Ok(1));
    ExitCode::from(code.unwrap_or_else(|error| {
        output::complain(&error);
        exit_code(&error)
    }))
}

const fn exit_code(error: &Error) -> u8 {
    match error.kind {
        Kind::Usage => 2,
        Kind::Held(_) => 3,
        _ => 1,
    }
}

fn dispatch(cli: Cli) -> Result<u8> {
    // Read even where a command needs no setting, so that a mistyped variable never goes unnoticed.
    let env = Environment::from_process()?;
    let settings = |flags: Fields| Settings::resolve(cli.config.as_deref(), env, flags);
    let mut out = Output::stdout();
    let code = match cli.command {
        Command::Detect(args) => detect::run(&args, &settings(args.input.flags())?, &mut out),
        Command::Verify(args) => verify::run(&args, &settings(args.flags())?, &mut out),
        Command::Patterns(command) => patterns::run(&command, &settings(command.flags())?, &mut out),
        Command::Audit(command) => audit::run(&command, &settings(command.flags())?, &mut out),
        Command::Label(args) => label::run(&args, &settings(Fields::default())?, &mut out),
        Command::Examples(args) => examples::run(&args, &settings(Fields::default())?, &mut out),
        Command::Keys(command) => keys::run(&command, &settings(Fields::default())?, &mut out),
        Command::Retention(command) => retention::run(&command, &settings(command.flags())?, &mut out),
        Command::Scan(args) => scan::run(&args, &settings(args.flags())?, &mut out),
        Command::Users(command) => users::run(&command, &settings(command.flags())?, &mut out),
        Command::Redact(args) => redact::run(&args, &settings(Fields::from(&args.run))?, &mut out),
        Command::Serve(args) => serve::run(&args, &settings(args.flags())?),
        Command::Worker(args) => worker::run(&args, &settings(Fields::from(&*args))?),
        Command::Lambda { dest } => lambda::run(&dest, &settings(Fields::default())?),
        Command::Completions { shell } => completions(shell, &mut out),
        Command::Man { out: None } => manual(&mut out),
        Command::Man { out: Some(folder) } => manual_pages(&folder),
    }?;
    out.flush()?;
    Ok(code)
}

fn completions(shell: clap_complete::Shell, out: &mut Output) -> Result<u8> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "sordino", &mut script);
    out.bytes(&script)?;
    Ok(0)
}

fn manual(out: &mut Output) -> Result<u8> {
    let mut page = Vec::new();
    let rendered = clap_mangen::Man::new(Cli::command()).render(&mut page);
    rendered.expect("writing to memory does not fail");
    out.bytes(&page)?;
    Ok(0)
}

fn manual_pages(folder: &Path) -> Result<u8> {
    let failed = |e: std::io::Error| Error::usage(format!("--out {}: {}", folder.display(), why(&e)));
    std::fs::create_dir_all(folder).map_err(failed)?;
    clap_mangen::generate_to(Cli::command(), folder).map_err(failed)?;
    Ok(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn the_last_path_is_the_destination() {
        let cli = Cli::try_parse_from(["sordino", "redact", "a", "b", "out", "--json"]).unwrap();
        let Command::Redact(args) = cli.command else { panic!("not redact") };
        assert_eq!(args.sources, [Path::new("a"), Path::new("b")]);
        assert_eq!(args.dest, Path::new("out"));
        assert!(Cli::try_parse_from(["sordino", "redact", "a"]).is_err());
    }
}
