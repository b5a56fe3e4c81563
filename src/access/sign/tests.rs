//! Records that are signed, and every way to change one.

use super::*;
use crate::model::manifest::Manifest;
use std::fs;
use std::path::Path;

const EXAMPLE: &[u8] = include_bytes!("../../../docs/examples/manifest.v1.json");
const AT: Timestamp = Timestamp::from_unix_s(1_795_296_708);

fn signer() -> (Signer, PublicKeys) {
    let signer = Signer::with_key(PrivateKey::generate().unwrap().0);
    let mut keys = PublicKeys::default();
    keys.add(signer.public().clone(), AT).unwrap();
    (signer, keys)
}

fn signed(signer: &Signer) -> Value {
    let (record, _) = take_apart(EXAMPLE).unwrap();
    let signature = signer.sign(&record).unwrap();
    let mut whole = record;
    whole[FIELD] = serde_json::to_value(signature).unwrap();
    whole
}

fn check(keys: &PublicKeys, whole: &Value) -> std::result::Result<(), Flaw> {
    verify(keys, whole.to_string().as_bytes(), AT)
}

/// Every way to change one value of a record: each leaf, each field gone, each field renamed, each list in another order.
fn changes(value: &Value) -> Vec<Value> {
    let mut out = Vec::new();
    match value {
        Value::Object(fields) => {
            for (name, inner) in fields {
                let with = |change: &dyn Fn(&mut serde_json::Map<String, Value>)| {
                    let mut fields = fields.clone();
                    change(&mut fields);
                    Value::Object(fields)
                };
                out.push(with(&|f| drop(f.remove(name))));
                out.push(with(&|f| {
                    let moved = f.remove(name).unwrap();
                    f.insert(format!("{name}x"), moved);
                }));
                for changed in changes(inner) {
                    out.push(with(&|f| drop(f.insert(name.clone(), changed.clone()))));
                }
            }
        }
        Value::Array(items) => {
            for (n, item) in items.iter().enumerate() {
                let mut less = items.clone();
                less.remove(n);
                out.push(Value::Array(less));
                for changed in changes(item) {
                    let mut other = items.clone();
                    other[n] = changed;
                    out.push(Value::Array(other));
                }
            }
            if items.len() > 1 {
                out.push(Value::Array(items.iter().rev().cloned().collect()));
            }
            out.push(Value::Array([items.clone(), vec![Value::Null]].concat()));
        }
        Value::String(text) => {
            out.push(Value::from(format!("{text} ")));
            out.push(Value::from(text.to_uppercase() + "0"));
        }
        Value::Number(n) => out.push(Value::from(n.as_f64().unwrap() + 1.0)),
        Value::Bool(truth) => out.push(Value::from(!truth)),
        Value::Null => out.push(Value::from(0)),
    }
    out
}

#[test]
fn a_change_of_any_field_is_seen() {
    let (signer, keys) = signer();
    let whole = signed(&signer);
    assert_eq!(check(&keys, &whole), Ok(()));
    let changed = changes(&whole);
    assert!(changed.len() > 200, "{}", changed.len());
    for other in changed {
        assert!(check(&keys, &other).is_err(), "{other}");
    }
}

#[test]
fn another_way_to_write_the_same_record_changes_nothing() {
    let (signer, keys) = signer();
    let whole = signed(&signer);
    let pretty = serde_json::to_vec_pretty(&whole).unwrap();
    assert_eq!(verify(&keys, &pretty, AT), Ok(()));
    let typed = Manifest::parse(&pretty).unwrap();
    assert_eq!(verify(&keys, &typed.to_bytes(), AT), Ok(()), "the program's own form too");
}

#[test]
fn what_is_wrong_is_told_apart() {
    let ((signer, mut keys), (other, others)) = (signer(), signer());
    let whole = signed(&signer);
    let (unsigned, _) = take_apart(whole.to_string().as_bytes()).unwrap();
    assert_eq!(check(&keys, &unsigned), Err(Flaw::Unsigned));
    assert_eq!(check(&others, &whole), Err(Flaw::UnknownKey));
    let mut stolen = whole.clone();
    stolen[FIELD]["key"] = other.public().id().as_str().into();
    assert_eq!(check(&others, &stolen), Err(Flaw::Wrong));
    for (field, value) in [("value", "00"), ("value", "zz"), ("algorithm", "none")] {
        let mut wrong = whole.clone();
        wrong[FIELD][field] = value.into();
        assert_eq!(check(&keys, &wrong), Err(Flaw::Wrong), "{field}");
    }
    keys.retire_all_but(&other.public().id(), Timestamp::from_unix_s(AT.unix_s() - 1));
    assert_eq!(check(&keys, &whole), Err(Flaw::RetiredKey));
}

#[test]
fn old_keys_stay_valid_for_what_they_signed_and_sign_nothing_later() {
    let folder = tempfile::tempdir().unwrap();
    let keys = KeyFolder::at(&folder.path().join("keys"));
    keys.make(AT).unwrap();
    assert!(keys.make(AT).is_err(), "a key is not written over");
    let old = Signer::with_key(folder::read_private(&keys.private_file()).unwrap());
    let whole = signed(&old);
    let id = keys.rotate(AT.plus_days(1), AT.plus_days(2)).unwrap();
    let new = Signer::with_key(folder::read_private(&keys.private_file()).unwrap());
    assert!(new.public().id() == id && new.public() != old.public());
    let public = keys.public().unwrap();
    assert_eq!(public.keys().len(), 2);
    assert_eq!(public.newest().unwrap().id, id);
    let check = |whole: &Value, at| verify(&public, whole.to_string().as_bytes(), at);
    assert_eq!(check(&whole, AT), Ok(()));
    assert_eq!(check(&whole, AT.plus_days(2)), Ok(()), "until the overlap ends");
    assert_eq!(check(&whole, AT.plus_days(3)), Err(Flaw::RetiredKey));
    assert_eq!(check(&signed(&new), AT.plus_days(3)), Ok(()));
}

#[test]
fn a_key_that_everybody_may_read_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let keys = KeyFolder::at(folder.path());
    keys.make(AT).unwrap();
    let mode = |path: &Path| std::os::unix::fs::MetadataExt::mode(&fs::metadata(path).unwrap()) & 0o777;
    assert_eq!((mode(&keys.private_file()), mode(&keys.public_file())), (0o600, 0o644));
    fs::set_permissions(keys.private_file(), std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
    assert!(folder::read_private(&keys.private_file()).is_err());
}

/// A key service stands behind a program; here that is a script that has its answer.
#[test]
fn a_command_signs_and_is_not_believed() {
    let (key, keys) = signer();
    let (record, _) = take_apart(EXAMPLE).unwrap();
    let answer = key.sign(&record).unwrap().value;
    let by = |script: &str| {
        let command = SigningCommand::new(&["sh", "-c", script].map(str::to_owned)).unwrap();
        Signer::with_command(command, key.public().clone()).sign(&record)
    };
    let signature = by(&format!("cat > /dev/null; echo {answer}")).unwrap();
    assert_eq!(keys.verify(&record, Some(&signature), AT), Ok(()));
    let wrong = format!("echo {}", "0".repeat(128));
    for script in ["exit 1", "echo nothing", "head -c 100000 /dev/zero", &wrong, "echo AAAA"] {
        assert!(by(script).is_err(), "{script}");
    }
}

#[test]
fn a_file_of_public_keys_is_written_as_it_was_read_and_a_false_name_is_refused() {
    const EXAMPLE: &[u8] = include_bytes!("../../../docs/examples/public-keys.v1.json");
    let keys = PublicKeys::parse(EXAMPLE).unwrap();
    assert_eq!(keys.to_bytes(), EXAMPLE);
    let text = String::from_utf8(EXAMPLE.to_vec()).unwrap();
    for (from, to) in
        [(keys.keys()[0].id.as_str(), "0123456789abcdef"), ("/v1", "/v2"), ("ed25519", "rsa"), ("\"from\"", "\"frm\"")]
    {
        assert!(PublicKeys::parse(text.replace(from, to).as_bytes()).is_err(), "{from}");
    }
}
