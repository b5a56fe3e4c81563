//! Buckets, and the program run on them.

use aws_sdk_s3::Client;
use aws_sdk_s3::config::{BehaviorVersion, Credentials, Region};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use tokio::runtime::Runtime;

/// What the servers are called by.
pub const SERVERS: [&str; 2] = ["SORDINO_TEST_S3", "SORDINO_TEST_S3_SECOND"];
/// The proxy in front of the first one.
pub const PROXY: &str = "SORDINO_TEST_FAULTS";
/// The digest is the same however it was redacted.
const CREATED: &str = "1900000000";

#[expect(clippy::disallowed_methods, reason = "scripts/test says where the servers are; the program never sees it")]
pub fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set: run scripts/test, which starts the servers"))
}

/// What drives the requests of tests.
pub fn runtime() -> &'static Runtime {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| Runtime::new().unwrap())
}

/// A finished run of the program.
pub struct Ran {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Ran {
    /// How many of the calls ended in each way.
    pub fn ends(&self) -> BTreeMap<String, usize> {
        let lines = self.stdout.lines().map(|l| serde_json::from_str::<serde_json::Value>(l).unwrap());
        let mut ends = BTreeMap::new();
        for line in lines.filter(|l| l.get("call").is_some()) {
            *ends.entry(line["status"].as_str().unwrap().to_owned()).or_default() += 1;
        }
        ends
    }
}

/// A bucket for sources and one for copies on a server, and a folder; gone at the end of the test.
pub struct Cloud {
    sdk: Client,
    server: &'static str,
    name: String,
    folder: tempfile::TempDir,
}

impl Cloud {
    pub fn new(server: &'static str) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let (key, secret) = (variable("SORDINO_TEST_ACCESS_KEY"), variable("SORDINO_TEST_SECRET_KEY"));
        let config = aws_sdk_s3::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::from_static("us-east-1"))
            .endpoint_url(variable(server))
            .force_path_style(true)
            .credentials_provider(Credentials::new(key, secret, None, None, "tests"));
        let sdk = Client::from_conf(config.build());
        let name = format!("cloud-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let cloud = Self { sdk, server, name, folder: tempfile::tempdir().unwrap() };
        for bucket in [cloud.raw(), cloud.redacted()] {
            runtime().block_on(cloud.sdk.create_bucket().bucket(bucket).send()).unwrap();
        }
        cloud
    }

    /// A client of the server.
    pub fn sdk(&self) -> &Client {
        &self.sdk
    }

    /// A name that no other test has.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The bucket of sources.
    pub fn raw(&self) -> String {
        format!("{}-raw", self.name)
    }

    /// The bucket of copies.
    pub fn redacted(&self) -> String {
        format!("{}-redacted", self.name)
    }

    /// A path in the test's own folder.
    pub fn path(&self, below: &str) -> PathBuf {
        self.folder.path().join(below)
    }

    /// Writes an object.
    pub fn put(&self, bucket: &str, key: &str, bytes: Vec<u8>) {
        runtime().block_on(self.sdk.put_object().bucket(bucket).key(key).body(bytes.into()).send()).unwrap();
    }

    /// Writes every file below a folder under the same names below a prefix.
    pub fn put_all(&self, bucket: &str, prefix: &str, folder: &Path) {
        for (name, bytes) in tree(folder) {
            self.put(bucket, &format!("{prefix}{name}"), bytes);
        }
    }

    /// Every object of a bucket but for those of the program itself, which nobody reads.
    pub fn objects(&self, bucket: &str) -> BTreeMap<String, Vec<u8>> {
        runtime().block_on(async {
            let mut pages = self.sdk.list_objects_v2().bucket(bucket).into_paginator().send();
            let mut objects = BTreeMap::new();
            while let Some(page) = pages.next().await {
                let page = page.unwrap();
                for key in page.contents().iter().filter_map(|o| o.key()).filter(|k| !k.contains(".sordino-probe")) {
                    let object = self.sdk.get_object().bucket(bucket).key(key).send().await.unwrap();
                    objects.insert(key.to_owned(), object.body.collect().await.unwrap().to_vec());
                }
            }
            objects
        })
    }

    /// The program in the test's folder with nothing but these settings around it.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sordino"));
        command.args(args).current_dir(self.folder.path()).env_clear();
        command.env("SORDINO_CALL_ID_KEY", "a key for the cloud alone").env("SOURCE_DATE_EPOCH", CREATED);
        command.env("AWS_ENDPOINT_URL", variable(self.server)).env("AWS_REGION", "us-east-1");
        command.env("AWS_ACCESS_KEY_ID", variable("SORDINO_TEST_ACCESS_KEY"));
        command.env("AWS_SECRET_ACCESS_KEY", variable("SORDINO_TEST_SECRET_KEY"));
        command
    }

    pub fn run(&self, args: &[&str]) -> Ran {
        ran(&mut self.command(args))
    }
}

/// How clients other than that of objects find a server.
pub fn sdk_config(server: &str) -> aws_config::SdkConfig {
    let (key, secret) = (variable("SORDINO_TEST_ACCESS_KEY"), variable("SORDINO_TEST_SECRET_KEY"));
    let config = aws_config::defaults(BehaviorVersion::latest()).region(Region::from_static("us-east-1"));
    let credentials = Credentials::new(key, secret, None, None, "tests");
    runtime().block_on(config.endpoint_url(variable(server)).credentials_provider(credentials).load())
}

pub fn ran(command: &mut Command) -> Ran {
    let output = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Ran { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
}

/// The calls that the repository has.
pub fn calls() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/calls")
}

/// Every file below a folder by its path there; folders of the program itself left out.
pub fn tree(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        if entry.path().is_dir() && name != ".staging" {
            files.extend(tree(&entry.path()).into_iter().map(|(below, bytes)| (format!("{name}/{below}"), bytes)));
        } else if entry.path().is_file() {
            files.insert(name, fs::read(entry.path()).unwrap());
        }
    }
    files
}
