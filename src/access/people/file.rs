//! The file that holds people, at the destination (`.access/users.json`): read whole, written whole, and only where it
//! still stands as it was read.

use super::secret::random;
use super::{People, USERS_SCHEMA};
use crate::access::Word;
use crate::base::{Error, Kind, Result, Stage};
use crate::store::{Expected, RecordKey, Records};

const FOLDER: &str = ".access";
const NAME: &str = "users.json";
/// How often a change is made anew because somebody else was first.
const TRIES_MAX: u32 = 32;

/// Everybody; nobody where there is no file.
///
/// # Errors
/// When it cannot be read or is damaged. Then nobody is let in.
pub fn load(records: &dyn Records) -> Result<People> {
    read(records).map(|(people, _)| people)
}

/// Changes people: `change` sees them as they are now, perhaps more than once, and what it made of them is stored when this
/// returns.
///
/// # Errors
/// Those of `change`; when the file cannot be read or written.
pub fn update<T>(records: &dyn Records, mut change: impl FnMut(&mut People) -> Result<T>) -> Result<T> {
    for _ in 0..TRIES_MAX {
        let (before, expected) = read(records)?;
        let mut people = before.clone();
        let made = change(&mut people)?;
        if people == before {
            return Ok(made);
        }
        people.write = Some(new_write()?);
        match records.write(&key()?, &to_bytes(&people)?, &expected, None) {
            Ok(_) => return Ok(made),
            Err(error) if error.kind == Kind::Conflict => {}
            Err(error) => return Err(error),
        }
    }
    Err(Error::new(Stage::Records, Kind::Io, "others change the users all the time"))
}

/// A name for one write.
fn new_write() -> Result<Word> {
    let name: String = random::<8>()?.iter().map(|b| format!("{b:02x}")).collect();
    Word::parse(&name).ok_or_else(|| Error::new(Stage::Records, Kind::Internal, "a write cannot be named"))
}

fn key() -> Result<RecordKey> {
    RecordKey::new(FOLDER, NAME)
}

fn read(records: &dyn Records) -> Result<(People, Expected)> {
    let Some(stored) = records.read(&key()?)? else { return Ok((People::default(), Expected::Absent)) };
    let people = serde_json::from_slice::<People>(&stored.bytes).ok().filter(|people| people.schema == USERS_SCHEMA);
    let damaged = || Error::new(Stage::Records, Kind::Internal, "the file of users is damaged, or of a newer version");
    Ok((people.ok_or_else(damaged)?, Expected::Version(stored.version)))
}

fn to_bytes(people: &People) -> Result<Vec<u8>> {
    let failed = |_| Error::new(Stage::Records, Kind::Internal, "the file of users cannot be written");
    let mut bytes = serde_json::to_vec_pretty(people).map_err(failed)?;
    bytes.push(b'\n');
    Ok(bytes)
}
