//! Keeps the index as fresh as the store: takes over what has changed, again and again, for as long as the server runs.

use super::app::App;
use super::index::Reading;
use super::notice::Notice;
use std::sync::Weak;
use std::thread;
use std::time::Duration;

/// Between two looks at the store.
const PAUSE: Duration = Duration::from_secs(30);

/// Looks now and from then on, until the server is gone.
pub(super) fn keep(app: Weak<App>) -> std::io::Result<()> {
    let look = move || {
        while let Some(app) = app.upgrade() {
            let parts = &app.parts;
            let how = Reading { told: &parts.told, signing: &parts.signing };
            if let Err(error) = parts.index.sync(&*parts.store, &*parts.records, &how) {
                (app.parts.tell)(&Notice::Failed { error: &error });
            }
            drop(app);
            thread::sleep(PAUSE);
        }
    };
    thread::Builder::new().name("index".into()).spawn(look).map(drop)
}
