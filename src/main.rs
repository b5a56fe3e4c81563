//! The `sordino` program: hands its arguments to `sordino::cli` and exits with its code.

fn main() -> std::process::ExitCode {
    sordino::cli::main()
}
