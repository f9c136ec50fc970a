//! Errors as clients see them. The only file that picks SQLSTATEs.

use pgrx::PgSqlErrorCode::{self, *};
use pgrx::pg_sys::panic::ErrorReport;
use pgrx::pg_sys::panic::ErrorReportable;
use rawdata_core::request::Refusal;
use rawdata_core::{Error, ErrorKind};

/// Ends the statement with an error, or gives the value.
pub trait OrRaise<T> {
    fn or_raise(self) -> T;
}

impl<T> OrRaise<T> for rawdata_core::Result<T> {
    #[track_caller]
    fn or_raise(self) -> T {
        self.map_err(|error| report(&error)).unwrap_or_report()
    }
}

impl<T> OrRaise<T> for Result<T, Refusal> {
    #[track_caller]
    fn or_raise(self) -> T {
        self.map_err(|refusal| refused(&refusal)).unwrap_or_report()
    }
}

impl<T> OrRaise<T> for Result<T, pgrx::spi::Error> {
    #[track_caller]
    fn or_raise(self) -> T {
        self.map_err(|error| ErrorReport::new(ERRCODE_INTERNAL_ERROR, error.to_string(), "")).unwrap_or_report()
    }
}

/// What the glue itself refuses.
#[derive(Debug, Clone, Copy)]
pub enum Refused {
    /// Another import, or another change of the data, is running.
    Busy,
    /// The tables are not there yet.
    NoTables,
    /// A table lacks a column that it was made with.
    NoColumn,
    /// A column is of another type than it was made with.
    ColumnType,
    /// A part of a table lies elsewhere.
    ForeignTable,
    /// No data set was ever imported.
    NotLoaded,
    /// A diff that comes later than the next.
    Gap,
    /// A diff's number that no server gives.
    Sequence,
    /// A map file as the diff of a number.
    NumberedMap,
    /// The caller lacks the right to read or write files of the server.
    ServerFiles(&'static str),
    /// Not a regular file, or not there, or not to be opened: the same to all who may not know more.
    File,
    /// A request has more bytes than are read.
    RequestSize,
    /// A setting or argument has a value that does not exist.
    AreaRule,
    /// A kind of object that does not exist.
    OsmType,
    /// A function that only triggers may call.
    TriggerOnly,
    /// The installed PostGIS stores geometry in a form that is not known here.
    PostgisVersion,
    /// The file to write is there already, or cannot be made.
    Write,
    /// A file cannot grow any more.
    NoRoom,
    /// A boundary file is not what it should be.
    Countries,
    /// Threads cannot be started.
    Threads,
}

/// Ends the statement.
#[track_caller]
pub fn refuse(what: Refused, about: &str) -> ! {
    let (code, message, hint): (PgSqlErrorCode, String, &str) = match what {
        Refused::Busy => (
            ERRCODE_OBJECT_IN_USE,
            "another import or update of the data set is running".to_owned(),
            "Wait for it, or end it with pg_cancel_backend; see rawdata.import_progress.",
        ),
        Refused::NoTables => (
            ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
            "the tables of rawdata do not exist yet".to_owned(),
            "Run SELECT rawdata.create_tables() once, as the owner of the extension.",
        ),
        Refused::NoColumn => (
            ERRCODE_UNDEFINED_COLUMN,
            format!("{about}, a column that rawdata.create_tables() made, is not there"),
            "Undo what changed the table.",
        ),
        Refused::ColumnType => (
            ERRCODE_DATATYPE_MISMATCH,
            format!("{about} of the data set is of another type than rawdata.create_tables() made it"),
            "Undo what changed the table.",
        ),
        Refused::ForeignTable => (
            ERRCODE_FEATURE_NOT_SUPPORTED,
            format!("rows of the foreign table {about} have no place here to be read from"),
            "Keep all parts of the table in this database.",
        ),
        Refused::NotLoaded => (
            ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
            "there is no data set to change yet".to_owned(),
            "Import one first, with rawdata.import_file or COPY rawdata.load.",
        ),
        Refused::Gap => (
            ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
            format!("diffs are missing before this one: {about}"),
            "Apply the missing diffs first, in order. Without a number (NULL) a diff is applied out of order.",
        ),
        Refused::Sequence => (
            ERRCODE_INVALID_PARAMETER_VALUE,
            format!("sequence {about} is negative"),
            "Give the number of the diff as its server counts, or NULL.",
        ),
        Refused::NumberedMap => (
            ERRCODE_INVALID_XML_CONTENT,
            "document is a map file, not the change file that a sequence number stands for".to_owned(),
            "Give the change file; a map file is put without a number (NULL).",
        ),
        Refused::ServerFiles(role) => (
            ERRCODE_INSUFFICIENT_PRIVILEGE,
            format!("permission denied for files of the server: only members of role \"{role}\" may use them"),
            "Send the document through COPY rawdata.load, or ask for the role.",
        ),
        Refused::File => (
            ERRCODE_INVALID_PARAMETER_VALUE,
            format!("cannot read a regular file under the path given{about}"),
            "Give the absolute path of a file that the server's user may read.",
        ),
        Refused::RequestSize => (
            ERRCODE_PROGRAM_LIMIT_EXCEEDED,
            format!("a request of {about} bytes is too large"),
            "As text it may have 16 MiB, several times what an area of 100,000 vertices takes.",
        ),
        Refused::AreaRule => (
            ERRCODE_INVALID_PARAMETER_VALUE,
            format!("there is no area rule {about:?}"),
            "The rules are \"tags\" and \"closed\".",
        ),
        Refused::OsmType => (
            ERRCODE_INVALID_PARAMETER_VALUE,
            format!("there is no kind of object {about:?}"),
            "The kinds are \"node\", \"way\" and \"relation\"; the name of a feature table stands for its kind.",
        ),
        Refused::TriggerOnly => (
            ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED,
            "function was not called by its trigger".to_owned(),
            "Use COPY rawdata.load FROM STDIN (FORMAT binary).",
        ),
        Refused::PostgisVersion => {
            (ERRCODE_FEATURE_NOT_SUPPORTED, format!("PostGIS {about} is not supported"), "Use PostGIS 3.")
        }
        Refused::Write => (
            ERRCODE_INVALID_PARAMETER_VALUE,
            format!("cannot make a new file under the path given{about}"),
            "Give an absolute path in a folder that the server's user may write, where no file is yet.",
        ),
        Refused::NoRoom => (
            ERRCODE_DISK_FULL,
            format!("could not write the whole file: {about}"),
            "Make room where the path leads, or give a path that leads elsewhere.",
        ),
        Refused::Countries => (
            ERRCODE_INVALID_PARAMETER_VALUE,
            about.to_owned(),
            "Give a GeoJSON FeatureCollection of Polygons and MultiPolygons.",
        ),
        Refused::Threads => {
            (ERRCODE_INSUFFICIENT_RESOURCES, format!("could not start a thread: {about}"), "Try again later.")
        }
    };
    raise(ErrorReport::new(code, message, "").set_hint(hint))
}

#[track_caller]
fn raise(report: ErrorReport) -> ! {
    let raised: Result<std::convert::Infallible, ErrorReport> = Err(report);
    match raised.unwrap_or_report() {}
}

fn report(error: &Error) -> ErrorReport {
    let code = match error.kind() {
        ErrorKind::Xml => ERRCODE_INVALID_XML_CONTENT,
        ErrorKind::Binary => ERRCODE_INVALID_BINARY_REPRESENTATION,
        ErrorKind::Encoding => ERRCODE_CHARACTER_NOT_IN_REPERTOIRE,
        ErrorKind::Range => ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE,
        ErrorKind::Limit => ERRCODE_PROGRAM_LIMIT_EXCEEDED,
        ErrorKind::Memory => ERRCODE_OUT_OF_MEMORY,
        ErrorKind::Unsupported => ERRCODE_FEATURE_NOT_SUPPORTED,
        ErrorKind::Argument => ERRCODE_INVALID_PARAMETER_VALUE,
        // Not class 58: the operator must not be alarmed by a file that a user named.
        ErrorKind::Io => ERRCODE_INVALID_PARAMETER_VALUE,
        _ => ERRCODE_DATA_EXCEPTION,
    };
    let mut report = ErrorReport::new(code, error.to_string(), "");
    if let Some(place) = error.place() {
        report = report.set_detail(place);
    }
    match error.hint() {
        Some(hint) => report.set_hint(hint),
        None => report,
    }
}

fn refused(refusal: &Refusal) -> ErrorReport {
    let message = refusal.items.first().map_or_else(|| "request refused".to_owned(), |item| item.msg.clone());
    ErrorReport::new(ERRCODE_INVALID_PARAMETER_VALUE, message, "").set_detail(refusal.to_json().to_string())
}
