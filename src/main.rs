//! The `sordino` program: hands its arguments to `sordino::cli` and exits with its code.

/// Many threads read and write parts of recordings at once. The system's allocator keeps what each of them once held,
/// up to twice the memory (glibc), or makes them wait for each other (musl, in the container).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    sordino::cli::main()
}
