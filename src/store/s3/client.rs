//! The connection to an object store: whatever the SDK's own environment says (profiles, web identity, endpoints, FIPS,
//! dual stack), with bounds on waiting. Must not know what is stored.

use super::fault::Fault;
use crate::base::{Error, Result};
use crate::store::Access;
use aws_config::BehaviorVersion;
use aws_config::retry::RetryConfig;
use aws_config::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_config::timeout::TimeoutConfig;
use aws_sdk_s3::config::{Builder, Region, RequestChecksumCalculation};
use aws_types::service_config::ServiceConfigKey;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How long is waited for a server.
#[derive(Clone, Copy)]
pub(super) struct Patience {
    /// Attempts of one request unless `AWS_MAX_ATTEMPTS` asks for more; the SDK waits between them, longer each time
    /// and not equally long.
    pub attempts: u32,
    /// Longest wait between two attempts.
    pub backoff: Duration,
    /// Longest wait for a connection.
    pub connection: Duration,
    /// Longest wait for the head of an answer, counted from the first byte of the request: a part of 8 MiB needs
    /// 0.4 MB/s.
    pub answer: Duration,
    /// Longest stretch in which a body does not move.
    pub stall: Duration,
}

impl Patience {
    fn with_timeout(timeout: Duration) -> Self {
        let patience = Self::default();
        Self { connection: patience.connection.min(timeout), answer: timeout, stall: timeout / 2, ..patience }
    }
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            attempts: 6,
            backoff: Duration::from_secs(10),
            connection: Duration::from_secs(5),
            answer: Duration::from_secs(20),
            stall: Duration::from_secs(10),
        }
    }
}

/// Most bytes of bodies that are held in memory to be sent, over all threads.
const SENDING_BYTES_MAX: u32 = 32 << 20;
/// What is signed for where a store of one's own has no regions.
const REGION_OF_CUSTOM_ENDPOINTS: &str = "us-east-1";

/// A connection to the object store of this process's environment; cheap to clone.
#[derive(Clone)]
pub struct Client {
    handle: Handle,
    pub(super) sdk: aws_sdk_s3::Client,
    /// One permit a byte of a body that is being sent.
    sending: Arc<Semaphore>,
    /// Whether requests carry checksums; `AWS_REQUEST_CHECKSUM_CALCULATION=when_required` switches them off for stores
    /// that do not know them.
    pub(super) sends_checksums: bool,
    lists_by_folder: Arc<AtomicBool>,
}

impl Client {
    /// Reads the SDK's configuration. Work that waits is driven by `handle`, but each call blocks its own thread, which
    /// must not be one of the runtime.
    ///
    /// # Errors
    /// A usage error when there is no region and no custom endpoint. Whether there are credentials shows at the first
    /// request.
    pub fn connect(handle: Handle, access: Access) -> Result<Self> {
        let loaded = handle.block_on(aws_config::defaults(BehaviorVersion::latest()).load());
        let own_endpoint = loaded.service_config().and_then(|config| config.load_config(endpoint_key()));
        let is_custom = own_endpoint.is_some() || loaded.endpoint_url().is_some();
        let mut builder = Builder::from(&loaded).force_path_style(access.path_style.unwrap_or(is_custom));
        if loaded.region().is_none() {
            if !is_custom {
                return Err(Error::usage("no region is configured for object storage")
                    .hint("set AWS_REGION, or region in the profile; a store of your own needs AWS_ENDPOINT_URL"));
            }
            builder = builder.region(Region::from_static(REGION_OF_CUSTOM_ENDPOINTS));
        }
        let retry = loaded.retry_config().cloned().unwrap_or_else(RetryConfig::standard);
        let sends_checksums = loaded.request_checksum_calculation() != Some(RequestChecksumCalculation::WhenRequired);
        let client = Self::with(handle, builder, retry, Patience::with_timeout(access.timeout), sends_checksums);
        client.lists_by_folder.store(access.lists_by_folder, Ordering::Relaxed);
        Ok(client)
    }

    /// A connection to a server of tests, with this key pair.
    #[cfg(test)]
    pub(super) fn to_server(handle: Handle, endpoint: &str, [key, secret]: [String; 2], patience: Patience) -> Self {
        let builder = Builder::new()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::from_static(REGION_OF_CUSTOM_ENDPOINTS))
            .endpoint_url(endpoint)
            .force_path_style(true)
            .credentials_provider(aws_sdk_s3::config::Credentials::new(key, secret, None, None, "tests"));
        Self::with(handle, builder, RetryConfig::standard(), patience, true)
    }

    fn with(handle: Handle, builder: Builder, retry: RetryConfig, patience: Patience, sends_checksums: bool) -> Self {
        let attempts = retry.max_attempts().max(patience.attempts);
        let (connection, answer) = (patience.connection, patience.answer);
        let stall = StalledStreamProtectionConfig::enabled().grace_period(patience.stall);
        let config = builder
            .retry_config(retry.with_max_attempts(attempts).with_max_backoff(patience.backoff))
            .timeout_config(TimeoutConfig::builder().connect_timeout(connection).read_timeout(answer).build())
            .stalled_stream_protection(stall.build());
        Self {
            handle,
            sdk: aws_sdk_s3::Client::from_conf(config.build()),
            sending: Arc::new(Semaphore::new(SENDING_BYTES_MAX as usize)),
            sends_checksums,
            lists_by_folder: Arc::default(),
        }
    }

    /// Whether buckets are listed folder by folder.
    pub(super) fn lists_by_folder(&self) -> bool {
        self.lists_by_folder.load(Ordering::Relaxed)
    }

    /// From now on buckets are listed folder by folder.
    pub(super) fn list_by_folder(&self) {
        self.lists_by_folder.store(true, Ordering::Relaxed);
    }

    /// Does it and waits for it.
    pub(super) fn wait<T>(&self, work: impl Future<Output = T>) -> T {
        self.handle.block_on(work)
    }

    /// Waits until so many bytes may be held to be sent; the permit ends when it is dropped.
    pub(super) async fn may_send(&self, bytes: u64) -> Option<OwnedSemaphorePermit> {
        let permits = u32::try_from(bytes).map_or(SENDING_BYTES_MAX, |bytes| bytes.min(SENDING_BYTES_MAX));
        // Nobody closes the semaphore; without it there would only be no bound.
        Arc::clone(&self.sending).acquire_many_owned(permits).await.ok()
    }

    /// Begins something that goes on beside.
    pub(super) fn spawn<T: Send + 'static>(&self, work: impl Future<Output = T> + Send + 'static) -> Running<T> {
        Running(self.handle.spawn(work))
    }
}

/// Where the SDK finds an endpoint for S3 alone.
fn endpoint_key() -> ServiceConfigKey<'static> {
    let key = ServiceConfigKey::builder().service_id("S3").env("AWS_ENDPOINT_URL").profile("endpoint_url").build();
    key.expect("all fields are set")
}

/// Work that goes on beside, until this is dropped.
pub(super) struct Running<T>(tokio::task::JoinHandle<T>);

impl<T> Drop for Running<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// What a request ended with.
pub(super) type Answer<T> = std::result::Result<T, Fault>;
