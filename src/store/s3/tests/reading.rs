//! Objects larger than a block: parts in, streams and seeks out.

use super::*;
use crate::store::Commit;
use std::io::{Read, Seek, SeekFrom, Write};

/// Bytes that are different everywhere.
pub(super) fn noise(bytes: usize) -> Vec<u8> {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let mut out = Vec::with_capacity(bytes + 8);
    while out.len() < bytes {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        out.extend_from_slice(&state.to_le_bytes());
    }
    out.truncate(bytes);
    out
}

/// Commits a call with this recording and no transcript to speak of.
pub(super) fn commit(store: &S3Store, recording: &[u8]) -> Result<()> {
    let mut staged = store.begin(&call(1))?;
    staged.recording("recording.wav")?.write_all(recording).unwrap();
    staged.transcript("transcript.txt", &suite::clean("t"))?;
    staged.commit(&Commit {
        expected: &Expected::Absent,
        replaced: Vec::new(),
        digests: vec![
            ("recording.wav".into(), Sha256Hex::of(recording)),
            ("transcript.txt".into(), Sha256Hex::of(b"t")),
        ],
        keeping: &suite::keeping(),
        manifest: &|_| Ok(b"m".to_vec()),
    })
}

pub(super) fn recording(store: &S3Store) -> (Box<dyn Object>, Stat) {
    store.open(&Phi::new(format!("{}/recording.wav", call(1)))).unwrap()
}

#[test]
fn a_large_recording_goes_in_parts_and_comes_back_whole() {
    for server in SERVERS {
        let client = client(server, Patience::default());
        let store = destination(&client, &bucket(&client, ""));
        let bytes = noise((17 << 20) + 12_345);
        commit(&store, &bytes).unwrap();
        let (mut object, stat) = recording(&store);
        assert_eq!(stat.bytes, bytes.len() as u64);
        let mut back = Vec::new();
        object.read_to_end(&mut back).unwrap();
        assert!(back == bytes, "{server}");
    }
}

#[test]
fn what_is_not_what_was_verified_is_not_published() {
    for server in SERVERS {
        let client = client(server, Patience::default());
        for bytes in [1000, 17 << 20] {
            let address = bucket(&client, "");
            let store = destination(&client, &address);
            let mut staged = store.begin(&call(1)).unwrap();
            staged.recording("recording.wav").unwrap().write_all(&noise(bytes)).unwrap();
            let refused = staged.commit(&Commit {
                expected: &Expected::Absent,
                replaced: Vec::new(),
                digests: vec![("recording.wav".into(), Sha256Hex::of(b"other"))],
                keeping: &suite::keeping(),
                manifest: &|_| Ok(b"m".to_vec()),
            });
            assert!(refused.is_err(), "{server}, {bytes} bytes");
            assert!(store.list().next().is_none());
            let uploads = client.sdk.list_multipart_uploads().bucket(&address.bucket).send();
            assert!(client.wait(uploads).unwrap().uploads().is_empty(), "{server}");
        }
    }
}

#[test]
fn a_reader_is_at_any_place_that_it_seeks() {
    for server in SERVERS {
        let client = client(server, Patience::default());
        let address = bucket(&client, "");
        let store = S3Store::source(client.clone(), &address).unwrap();
        let bytes = noise(5 << 20);
        put(&client, &address.bucket, "a.wav", &bytes);
        put(&client, &address.bucket, "empty.wav", b"");
        let (mut object, _) = store.open(&Phi::new("a.wav".into())).unwrap();
        let end = bytes.len();
        let places = [0, 44, end - 100, 44, 2 << 20, (2 << 20) + 7, 0, end - 1, 3 << 20, end - 100, 1 << 20];
        for (turn, place) in places.into_iter().enumerate() {
            let to = match turn % 3 {
                0 => SeekFrom::Start(place as u64),
                1 => SeekFrom::End(place as i64 - end as i64),
                _ => SeekFrom::Current(place as i64 - object.stream_position().unwrap() as i64),
            };
            assert_eq!(object.seek(to).unwrap(), place as u64);
            let mut back = vec![0; 100_000.min(end - place)];
            object.read_exact(&mut back).unwrap();
            assert!(back == bytes[place..place + back.len()], "{server}, {place}");
        }
        object.seek(SeekFrom::End(5)).unwrap();
        assert_eq!(object.read(&mut [0; 9]).unwrap(), 0);
        assert!(object.seek(SeekFrom::Current(-99_000_000)).is_err());
        let (mut empty, stat) = store.open(&Phi::new("empty.wav".into())).unwrap();
        assert_eq!((stat.bytes, empty.read(&mut [0; 9]).unwrap()), (0, 0));
    }
}

#[test]
fn a_part_of_an_object_that_is_replaced_is_told_by_its_state() {
    for server in SERVERS {
        let client = client(server, Patience::default());
        let address = bucket(&client, "");
        let store = S3Store::source(client.clone(), &address).unwrap();
        let (key, bytes) = (Phi::new("a.wav".to_owned()), noise(3 << 20));
        put(&client, &address.bucket, key.expose(), &bytes);
        let (mut part, stat) = store.open_part(&key, 1_000_003..2_000_005).unwrap();
        assert_eq!(stat, store.stat(&key).unwrap());
        let mut back = Vec::new();
        part.read_to_end(&mut back).unwrap();
        assert!(back == bytes[1_000_003..2_000_005], "{server}");
        put(&client, &address.bucket, key.expose(), &vec![7; 3 << 20]);
        assert_ne!(store.open_part(&key, 0..1).unwrap().1, stat, "{server}");
    }
}

#[test]
fn an_object_that_is_replaced_while_it_is_read_is_not_mixed() {
    for server in SERVERS {
        let client = client(server, Patience::default());
        let address = bucket(&client, "");
        let store = S3Store::source(client.clone(), &address).unwrap();
        let key = Phi::new("a.wav".to_owned());
        put(&client, &address.bucket, key.expose(), &noise(9 << 20));
        let (mut object, stat) = store.open(&key).unwrap();
        object.read_exact(&mut [0; 1000]).unwrap();
        put(&client, &address.bucket, key.expose(), &vec![7; 9 << 20]);
        object.seek(SeekFrom::Start(8 << 20)).unwrap();
        assert!(object.read(&mut [0; 1000]).is_err(), "{server}");
        assert!(store.stat(&key).unwrap() != stat);
    }
}
