//! What the database can say, sorted by what is to be done about it.

use std::fmt;

use poem::http::StatusCode;
use tokio_postgres::error::SqlState;

use crate::error::ApiError;

/// An error of the database.
#[derive(Debug)]
pub enum DbError {
    /// The address of the database cannot be read.
    Address,
    /// No connection, or it was lost.
    Unavailable(String),
    /// The schema or its tables are not there.
    NotSetUp,
    /// A document that cannot be read; the sentence says why.
    BadDocument(String),
    /// The role that we log in with lacks a right.
    NotAllowed(String),
    /// Another import or update runs.
    Busy,
    /// The request was refused; the sentence is meant for the one who asked.
    Refused(String),
    /// The data set was replaced meanwhile, or a standby had to give up the snapshot: once more will do.
    Replaced,
    /// A time limit ended the query.
    TimedOut,
    /// The database's disk or memory is used up.
    Full,
    /// Anything else.
    Other(String),
}

impl DbError {
    /// Whether the same call may succeed in a moment.
    pub fn is_passing(&self) -> bool {
        matches!(self, Self::Unavailable(_) | Self::Replaced)
    }

    /// The reason of a failed job, for the one who asked for it.
    pub fn reason(&self) -> String {
        match self {
            Self::Refused(message) | Self::BadDocument(message) => message.clone(),
            Self::Busy => "another import or update of the data set is running".into(),
            Self::Address | Self::Unavailable(_) => "the database could not be reached".into(),
            Self::NotSetUp => "the database holds no data set yet".into(),
            Self::NotAllowed(_) => {
                "the service is not allowed to read the data set; its operator has to grant it rawdata_reader".into()
            }
            Self::Replaced => "the data set was being replaced for a long time; please ask again".into(),
            Self::TimedOut => "the export took longer than the time limit".into(),
            Self::Full => "the database ran out of space".into(),
            Self::Other(_) => "the database could not make the export".into(),
        }
    }
}

impl From<tokio_postgres::Error> for DbError {
    fn from(error: tokio_postgres::Error) -> Self {
        let Some(db) = error.as_db_error() else {
            return Self::Unavailable(chain(&error));
        };
        match db.code() {
            code if *code == SqlState::INVALID_PARAMETER_VALUE => Self::Refused(db.message().to_owned()),
            // Broken on its way, a document fails before its checksum is reached as often as by it.
            code if [
                SqlState::INVALID_XML_CONTENT,
                SqlState::INVALID_BINARY_REPRESENTATION,
                SqlState::CHARACTER_NOT_IN_REPERTOIRE,
                SqlState::NUMERIC_VALUE_OUT_OF_RANGE,
                SqlState::PROGRAM_LIMIT_EXCEEDED,
            ]
            .contains(code) =>
            {
                Self::BadDocument(db.message().to_owned())
            }
            code if *code == SqlState::INSUFFICIENT_PRIVILEGE => Self::NotAllowed(db.message().to_owned()),
            code if *code == SqlState::OBJECT_IN_USE => Self::Busy,
            code if *code == SqlState::QUERY_CANCELED => Self::TimedOut,
            code if [SqlState::T_R_SERIALIZATION_FAILURE, SqlState::T_R_DEADLOCK_DETECTED].contains(code) => {
                Self::Replaced
            }
            code if [SqlState::UNDEFINED_TABLE, SqlState::UNDEFINED_FUNCTION, SqlState::INVALID_SCHEMA_NAME]
                .contains(code) =>
            {
                tracing::warn!(cause = db.message(), "the schema rawdata is not complete");
                Self::NotSetUp
            }
            // Disk full, out of memory, and limits of temporary space; not "too many connections".
            code if *code == SqlState::TOO_MANY_CONNECTIONS => Self::Unavailable(db.message().to_owned()),
            code if code.code().starts_with("53") => Self::Full,
            code if code.code().starts_with("08") || code.code().starts_with("57P") => {
                Self::Unavailable(db.message().to_owned())
            }
            code => Self::Other(format!("{}: {}", code.code(), db.message())),
        }
    }
}

impl From<DbError> for ApiError {
    fn from(error: DbError) -> Self {
        tracing::warn!(cause = %error, "the database did not do what was asked");
        match error {
            DbError::Refused(message) => {
                rawdata_core::request::Refusal::new(rawdata_core::request::Status::Unprocessable, message).into()
            }
            DbError::TimedOut => Self::new(StatusCode::SERVICE_UNAVAILABLE, "the database took too long to answer"),
            DbError::Other(_) | DbError::BadDocument(_) => Self::internal(),
            error => Self::unavailable(&error.reason()),
        }
    }
}

impl fmt::Display for DbError {
    /// For the log, not for clients.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address => {
                f.write_str("the address of the database cannot be read: expected postgresql://user@host/database")
            }
            Self::Unavailable(cause) => write!(f, "the database could not be reached: {cause}"),
            Self::NotAllowed(cause) => write!(f, "the database does not permit that: {cause}"),
            Self::Other(cause) => write!(f, "the database reports {cause}"),
            error => f.write_str(&error.reason()),
        }
    }
}

impl std::error::Error for DbError {}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text = format!("{text}: {error}");
        source = error.source();
    }
    text
}
