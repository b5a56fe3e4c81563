//! Finds the route of a path. Parts are compared as they came: nothing is decoded, joined or resolved, so that no spelling of
//! a path reaches what its plain form does not.

use super::routes::{Method, Route};
use crate::base::limits::PATH_BYTES_MAX;

/// What the parts in braces are, by their names.
pub(super) type Params = Vec<(&'static str, String)>;

/// What there is at a path.
pub(super) enum At {
    /// A route.
    Route(&'static Route, Params),
    /// Routes of other methods alone.
    OtherMethod,
    /// Nothing.
    Nothing,
}

/// The route of a path.
pub(super) fn find(routes: &'static [Route], method: Option<Method>, path: &str) -> At {
    let mut is_there = false;
    if path.len() > PATH_BYTES_MAX {
        return At::Nothing;
    }
    for route in routes {
        if let Some(params) = fits(route.path, path) {
            if Some(route.method) == method {
                return At::Route(route, params);
            }
            is_there = true;
        }
    }
    if is_there { At::OtherMethod } else { At::Nothing }
}

/// What the parts in braces are, where the path fits the pattern.
fn fits(pattern: &'static str, path: &str) -> Option<Params> {
    let (mut wanted, mut given, mut params) = (pattern.split('/'), path.split('/'), Params::new());
    loop {
        match (wanted.next(), given.next()) {
            (None, None) => return Some(params),
            (Some(want), Some(part)) => match want.strip_prefix('{').and_then(|want| want.strip_suffix('}')) {
                Some(_) if part.is_empty() => return None,
                Some(name) => params.push((name, part.to_owned())),
                None if want == part => {}
                None => return None,
            },
            _ => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_fits_as_it_is_written_and_in_no_other_spelling() {
        let fit = fits("/calls/{call}/notes", "/calls/00/notes").unwrap();
        assert_eq!(fit, [("call", "00".to_owned())]);
        for other in [
            "/calls//notes",
            "/calls/00/notes/",
            "//calls/00/notes",
            "/calls/00/../00/notes",
            "/calls/00%2fnotes",
            "/calls/00/Notes",
            "calls/00/notes",
            "/calls/00",
            "",
        ] {
            assert!(fits("/calls/{call}/notes", other).is_none(), "{other}");
        }
        assert!(fits("/", "/").is_some() && fits("/", "").is_none() && fits("/", "//").is_none());
    }
}
