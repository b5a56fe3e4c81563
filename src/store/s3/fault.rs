//! What went wrong between this program and a server, without any text of theirs: messages of the SDK and of servers
//! hold object keys.

use crate::base::{Error, HoldReason, Kind, Stage};
use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use std::fmt;
use std::io;

/// Codes of servers that say more than their status; any other is left out of messages.
const CODES: &[&str] = &[
    "AccessDenied",
    "AllAccessDisabled",
    "AuthorizationHeaderMalformed",
    "BadDigest",
    "ConditionalRequestConflict",
    "EntityTooLarge",
    "ExpiredToken",
    "IllegalLocationConstraintException",
    "InternalError",
    "InvalidAccessKeyId",
    "InvalidArgument",
    "InvalidBucketState",
    "InvalidObjectState",
    "InvalidRequest",
    "InvalidStorageClass",
    "InvalidTag",
    "InvalidToken",
    "KMS.DisabledException",
    "KMS.InvalidStateException",
    "KMS.NotFoundException",
    "NoSuchBucket",
    "NoSuchKey",
    "NoSuchUpload",
    "NotImplemented",
    "ObjectLockConfigurationNotFoundError",
    "PermanentRedirect",
    "PreconditionFailed",
    "RequestTimeTooSkewed",
    "RequestTimeout",
    "ServiceUnavailable",
    "SignatureDoesNotMatch",
    "SlowDown",
    "TokenRefreshRequired",
    "XAmzContentChecksumMismatch",
];

/// A request that did not succeed.
#[derive(Clone, Copy, Debug)]
pub(super) enum Fault {
    /// It was never sent: no credentials, no region, or wrong values.
    NotSent,
    /// No connection, or it broke.
    NoConnection,
    /// No answer in time.
    NoAnswer,
    /// An answer that makes no sense.
    BadAnswer(u16),
    /// The server refused: status and known code.
    Refused(u16, Option<&'static str>),
    /// What was to be sent is not what was verified: the temporary file cannot be read back.
    Unlike,
}

impl Fault {
    /// Whether there is no such object.
    pub fn is_absent(self) -> bool {
        // A HEAD has no body and so no code.
        matches!(self, Self::Refused(404, None | Some("NoSuchKey")))
    }

    /// Whether the server let a condition of the request decide against it.
    pub const fn is_unmet_condition(self) -> bool {
        // 409: another write of the object is under way.
        matches!(self, Self::Refused(409 | 412, _))
    }

    /// Whether these credentials may not do it. Credentials that are wrong altogether are another matter.
    pub fn is_forbidden(self) -> bool {
        matches!(self, Self::Refused(403, None | Some("AccessDenied" | "AllAccessDisabled")))
    }

    /// Whether the same request cannot succeed until somebody changes something.
    pub const fn is_final(self) -> bool {
        matches!(self, Self::NotSent | Self::Refused(400..=407 | 410..=428 | 431..=499 | 501, _))
    }

    /// A failure of the outside.
    pub fn error(self, stage: Stage, message: &'static str) -> Error {
        let error = Error::io(stage, message, io::Error::other(self));
        match self.hint() {
            Some(hint) => error.hint(hint),
            None => error,
        }
    }

    /// Why a source cannot be read: what concerns this object alone holds its call.
    pub fn reading(self) -> Error {
        let held = |message| Error::held(Stage::Fetch, HoldReason::UnreadableSource, message);
        match self {
            _ if self.is_absent() => held("the source is missing"),
            Self::Refused(403, Some("InvalidObjectState")) => held("the source is archived").hint("restore the object"),
            Self::Refused(403, Some("AccessDenied" | "AllAccessDisabled")) => held("the source may not be read"),
            _ => self.error(Stage::Fetch, "the source cannot be read"),
        }
    }

    /// Why a record or artifact cannot be written.
    pub fn writing(self) -> Error {
        if self.is_unmet_condition() {
            return Error::new(Stage::Publish, Kind::Conflict, "another call was committed in the meantime");
        }
        self.error(Stage::Publish, "the call cannot be written")
    }

    fn hint(self) -> Option<&'static str> {
        Some(match self {
            Self::NotSent => "are there credentials and a region for this process?",
            Self::Unlike => "is there room on this machine's disk for temporary files?",
            Self::NoConnection => "is the endpoint right, and can it be reached?",
            Self::Refused(403, Some("RequestTimeTooSkewed")) => "set this machine's clock",
            Self::Refused(_, Some("ExpiredToken" | "InvalidToken" | "TokenRefreshRequired")) => {
                "renew the credentials of this process"
            }
            Self::Refused(_, Some("InvalidAccessKeyId" | "SignatureDoesNotMatch")) => {
                "give this process credentials of this store"
            }
            Self::Refused(301, _) | Self::Refused(_, Some("PermanentRedirect" | "AuthorizationHeaderMalformed")) => {
                "set AWS_REGION to the bucket's region"
            }
            Self::Refused(404, Some("NoSuchBucket")) => "is the bucket's name right?",
            Self::Refused(403, _) => "give this process's role the permission",
            _ => return None,
        })
    }
}

impl<E: ProvideErrorMetadata> From<SdkError<E, HttpResponse>> for Fault {
    fn from(error: SdkError<E, HttpResponse>) -> Self {
        match &error {
            SdkError::ConstructionFailure(_) => Self::NotSent,
            SdkError::TimeoutError(_) => Self::NoAnswer,
            SdkError::DispatchFailure(failure) if failure.is_timeout() => Self::NoAnswer,
            SdkError::DispatchFailure(failure) if failure.is_io() => Self::NoConnection,
            SdkError::DispatchFailure(_) => Self::NotSent,
            SdkError::ResponseError(failure) => Self::BadAnswer(failure.raw().status().as_u16()),
            SdkError::ServiceError(failure) => {
                let known = |code: &str| CODES.iter().find(|known| **known == code).copied();
                Self::Refused(failure.raw().status().as_u16(), failure.err().code().and_then(known))
            }
            _ => Self::NoConnection,
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotSent => f.write_str("the request could not be made"),
            Self::NoConnection => f.write_str("no connection"),
            Self::NoAnswer => f.write_str("no answer in time"),
            Self::BadAnswer(status) => write!(f, "an answer that makes no sense, status {status}"),
            Self::Unlike => f.write_str("the temporary file cannot be read back as it was written"),
            Self::Refused(status, None) => write!(f, "status {status}"),
            Self::Refused(status, Some(code)) => write!(f, "status {status}, {code}"),
        }
    }
}

impl std::error::Error for Fault {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_concerns_one_object_holds_its_call_and_what_concerns_all_does_not() {
        for held in
            [(404, Some("NoSuchKey")), (404, None), (403, Some("AccessDenied")), (403, Some("InvalidObjectState"))]
        {
            let error = Fault::Refused(held.0, held.1).reading();
            assert_eq!(error.hold_reason(), Some(HoldReason::UnreadableSource), "{held:?}");
        }
        for failed in [(404, Some("NoSuchBucket")), (403, Some("ExpiredToken")), (403, None), (503, Some("SlowDown"))] {
            assert_eq!(Fault::Refused(failed.0, failed.1).reading().kind, Kind::Io, "{failed:?}");
        }
        assert_eq!(Fault::NoConnection.reading().kind, Kind::Io);
    }

    #[test]
    fn codes_are_sorted_and_stand_once() {
        assert!(CODES.is_sorted_by(|a, b| a < b));
    }

    #[test]
    fn waiting_helps_against_overload_and_not_against_a_refusal() {
        assert!(!Fault::Refused(503, Some("SlowDown")).is_final() && !Fault::NoAnswer.is_final());
        assert!(!Fault::Refused(429, None).is_final() && !Fault::Refused(408, None).is_final());
        assert!(Fault::Refused(403, None).is_final() && Fault::Refused(400, None).is_final());
    }
}
