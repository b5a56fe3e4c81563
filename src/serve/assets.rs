//! Files that pages load: one sheet and a few scripts, in the program itself. Each is named after its content, so that a
//! browser may keep it for good and never has an old one. Must not be asked for anything but by these names.

use super::answer::{Answer, Problem, with};
use super::app::App;
use super::asked::Asked;
use crate::base::Sha256Hex;
use axum::http::{HeaderValue, StatusCode, header};
use std::sync::LazyLock;

/// A file of a page.
#[derive(Clone, Copy)]
pub(super) enum Asset {
    /// The sheet of all pages.
    Sheet,
    /// The player.
    Call,
    /// The picture beside a page's title.
    Icon,
}

impl Asset {
    const ALL: [Self; 3] = [Self::Sheet, Self::Call, Self::Icon];

    const fn file(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Sheet => ("page", "css", include_str!("assets/page.css")),
            Self::Call => ("call", "js", include_str!("assets/call.js")),
            Self::Icon => ("icon", "svg", include_str!("assets/icon.svg")),
        }
    }

    const fn kind(self) -> &'static str {
        match self {
            Self::Sheet => "text/css; charset=utf-8",
            Self::Call => "text/javascript; charset=utf-8",
            Self::Icon => "image/svg+xml",
        }
    }

    /// Where it is: `/assets/page-0123456789abcdef.css`.
    pub(super) fn path(self) -> &'static str {
        static PATHS: LazyLock<[String; 3]> = LazyLock::new(|| {
            Asset::ALL.map(|asset| {
                let (stem, extension, text) = asset.file();
                format!("/assets/{stem}-{}.{extension}", &Sha256Hex::of(text.as_bytes()).as_str()[..16])
            })
        });
        &PATHS[self as usize]
    }
}

/// Answers with a file.
pub(super) fn file(_: &App, asked: &Asked) -> Answer {
    let asset = Asset::ALL.into_iter().find(|asset| asset.path() == asked.path).ok_or(Problem::NotFound)?;
    let mut answer = with(StatusCode::OK, asset.kind(), asset.file().2);
    let forever = HeaderValue::from_static("public, max-age=31536000, immutable");
    answer.headers_mut().insert(header::CACHE_CONTROL, forever);
    Ok(answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_asked_of_another_place_and_names_follow_content() {
        for asset in Asset::ALL {
            let text = asset.file().2;
            let text = text.replace("http://www.w3.org/2000/svg", "");
            assert!(!text.contains("://") && !text.contains("@import") && !text.contains("url("), "{}", asset.path());
            assert!(asset.path().contains(&Sha256Hex::of(asset.file().2.as_bytes()).as_str()[..16]));
        }
    }
}
