//! Settings: flags, environment variables and their defaults, in one place.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

use crate::fetch::Bbox;

/// Maps from OpenStreetMap data: an HTTP server, its workers, and the import client.
#[derive(Debug, Parser)]
#[command(name = "rawdata", version, about, after_help = EXAMPLES)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

const EXAMPLES: &str = "\
Examples:
  rawdata import liechtenstein.osm.pbf
  rawdata serve --listen 127.0.0.1:8000 --result-dir /var/lib/rawdata/results
  rawdata worker --result-dir /var/lib/rawdata/results

Every flag can be given as an environment variable instead; see --help of each command.
Exit status: 0 done, 1 failed, 2 wrong usage.";

/// The commands of the program.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Answers HTTP requests
    Serve(Serve),
    /// Runs queued exports, one at a time
    Worker(Worker),
    /// Sends a map file to the database, which replaces its data set by it
    Import(Import),
    /// Asks the OSM API or an Overpass server for data, and loads or appends them
    Fetch(Fetch),
    /// Applies the change files of a replication server to the data set
    Update(Update),
    /// Says what is loaded, and which workers are there
    Status(Status),
    /// Writes a completion script for a shell
    Completions {
        /// The shell.
        shell: Shell,
    },
}

/// Where the database is.
#[derive(Debug, Clone, Args)]
pub struct Database {
    /// Database, as a URL or as libpq's key=value pairs
    #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
    pub database_url: String,
    /// Hot standbys for exports (several hosts may be named); the database itself where not given
    #[arg(long, env = "DATABASE_READ_URL", hide_env_values = true)]
    pub database_read_url: Option<String>,
}

impl Database {
    /// Where exports are read.
    pub fn read_url(&self) -> &str {
        self.database_read_url.as_deref().unwrap_or(&self.database_url)
    }
}

/// Where Redis is.
#[derive(Debug, Clone, Args)]
pub struct Redis {
    /// Redis (7 or newer, maxmemory-policy noeviction)
    #[arg(long, env = "REDIS_URL", default_value = "redis://127.0.0.1:6379/", hide_env_values = true)]
    pub redis_url: String,
}

/// Where finished files lie and under which address they are found.
#[derive(Debug, Clone, Args)]
pub struct Store {
    /// Folder of finished files, shared by server and workers
    #[arg(long, env = "RESULT_DIR", required_unless_present = "bucket_name")]
    pub result_dir: Option<PathBuf>,
    /// Bucket of finished files, instead of a folder; keys as AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY
    #[arg(long, env = "BUCKET_NAME")]
    pub bucket_name: Option<String>,
    /// Address of the object store, where it is not Amazon's
    #[arg(long, env = "AWS_ENDPOINT_URL")]
    pub aws_endpoint_url: Option<String>,
    /// Region of the bucket; us-east-1 where not given
    #[arg(long, env = "AWS_REGION")]
    pub aws_region: Option<String>,
    /// Address the server listens on
    #[arg(long, env = "LISTEN", default_value = "127.0.0.1:8000")]
    pub listen: SocketAddr,
    /// Address that clients reach the server under; http://LISTEN where not given
    #[arg(long, env = "PUBLIC_URL")]
    pub public_url: Option<String>,
}

impl Store {
    /// The public address without a closing slash. Never taken from a request's headers.
    pub fn public_url(&self) -> String {
        match &self.public_url {
            Some(url) => url.trim_end_matches('/').to_owned(),
            None => format!("http://{}", self.listen),
        }
    }
}

/// How much may be asked for.
#[derive(Debug, Clone, Args)]
pub struct RequestLimits {
    /// Largest area of an export, in km²
    #[arg(long, env = "EXPORT_MAX_AREA_SQKM", default_value_t = 100_000.0)]
    pub export_max_area_sqkm: f64,
    /// Largest body of a request, in bytes
    #[arg(long, env = "BODY_LIMIT", default_value_t = 4 << 20)]
    pub body_limit: usize,
    /// Waiting jobs after which new ones are refused; 0 = no limit
    #[arg(long, env = "QUEUE_LIMIT", default_value_t = 1000)]
    pub queue_limit: u64,
    /// Streams of /v1/snapshot/plain/ at one time, each of which holds a database connection
    #[arg(long, env = "PLAIN_LIMIT", default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..))]
    pub plain_limit: u32,
    /// Time limit of a plain stream, in seconds
    #[arg(long, env = "PLAIN_TIME_LIMIT", default_value = "300", value_parser = seconds)]
    pub plain_time_limit: Duration,
    /// Connections at one time
    #[arg(long, env = "CONNECTION_LIMIT", default_value_t = 1024)]
    pub connection_limit: usize,
}

/// Settings of `rawdata serve`.
#[derive(Debug, Clone, Args)]
pub struct Serve {
    /// The database.
    #[command(flatten)]
    pub database: Database,
    /// Redis.
    #[command(flatten)]
    pub redis: Redis,
    /// Finished files.
    #[command(flatten)]
    pub store: Store,
    /// Limits.
    #[command(flatten)]
    pub limits: RequestLimits,
    /// Database connections for short queries
    #[arg(long, env = "DATABASE_POOL", default_value_t = 8)]
    pub database_pool: u32,
    /// Seconds that requests in progress get when the server is asked to stop
    #[arg(long, env = "STOP_GRACE", default_value = "30", value_parser = seconds)]
    pub stop_grace: Duration,
}

/// Settings of `rawdata worker`.
#[derive(Debug, Clone, Args)]
pub struct Worker {
    /// The database.
    #[command(flatten)]
    pub database: Database,
    /// Redis.
    #[command(flatten)]
    pub redis: Redis,
    /// Finished files.
    #[command(flatten)]
    pub store: Store,
    /// Time limit of a job, in seconds
    #[arg(long, env = "JOB_TIME_LIMIT", default_value = "7200", value_parser = seconds)]
    pub job_time_limit: Duration,
    /// Seconds after which a finished file is removed
    #[arg(long, env = "RESULT_MAX_AGE", default_value = "86400", value_parser = seconds)]
    pub result_max_age: Duration,
    /// Bytes of finished files after which the oldest are removed
    #[arg(long, env = "RESULT_MAX_BYTES", default_value_t = 10 << 30)]
    pub result_max_bytes: u64,
    /// Level of packing, from 0, none, to 9, smallest and slowest
    #[arg(long, env = "ZIP_LEVEL", default_value_t = 5, value_parser = clap::value_parser!(u32).range(0..=9))]
    pub zip_level: u32,
    /// Text that is added to the Readme.txt of each export
    #[arg(long, env = "EXTRA_README_TXT")]
    pub extra_readme_txt: Option<String>,
    /// Seconds that the running job gets when the worker is asked to stop
    #[arg(long, env = "STOP_GRACE", default_value = "30", value_parser = seconds)]
    pub stop_grace: Duration,
}

/// Which closed ways are areas.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum AreaRule {
    /// Those whose tags do not say line.
    Tags,
    /// All of more than three nodes.
    Closed,
}

impl AreaRule {
    /// The value of the database's setting.
    pub fn name(self) -> &'static str {
        match self {
            Self::Tags => "tags",
            Self::Closed => "closed",
        }
    }
}

/// Settings of `rawdata import`.
#[derive(Debug, Args)]
pub struct Import {
    /// A file, an http or https URL, or - for standard input
    pub source: String,
    /// Which closed ways are areas; as the database is set where not given
    #[arg(long, env = "AREA_RULE")]
    pub area_rule: Option<AreaRule>,
    /// Database, as a URL or as libpq's key=value pairs
    #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
    pub database_url: String,
}

/// Settings of `rawdata fetch`.
#[derive(Debug, Args)]
pub struct Fetch {
    /// A box in degrees, west,south,east,north: what the OSM API has there
    #[arg(long, allow_hyphen_values = true, required_unless_present = "overpass", conflicts_with = "overpass")]
    pub bbox: Option<Bbox>,
    /// A query in Overpass QL, or @FILE; it should ask for `out:xml` and `out meta`
    #[arg(long)]
    pub overpass: Option<String>,
    /// Puts what comes onto the data set, newer versions winning; else it replaces the data set
    #[arg(long)]
    pub append: bool,
    /// The OSM API, without /api/0.6
    #[arg(long, env = "OSM_API_URL", default_value = "https://api.openstreetmap.org")]
    pub osm_api_url: String,
    /// The Overpass server, without /interpreter
    #[arg(long, env = "OVERPASS_URL", default_value = "https://overpass-api.de/api")]
    pub overpass_url: String,
    /// Most bytes that are fetched
    #[arg(long, env = "FETCH_MAX_BYTES", default_value_t = 256 << 20)]
    pub max_bytes: usize,
    /// Database, as a URL or as libpq's key=value pairs
    #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
    pub database_url: String,
}

/// Settings of `rawdata update`.
#[derive(Debug, Args)]
pub struct Update {
    /// Ends when the data set is current; else looks again for ever
    #[arg(long)]
    pub once: bool,
    /// Folder where the server's state.txt lies; as the imported file said where not given
    #[arg(long, env = "REPLICATION_URL")]
    pub replication_url: Option<String>,
    /// Number of the last diff that the data holds, where the data set does not know
    #[arg(long, env = "REPLICATION_SEQUENCE", value_parser = clap::value_parser!(i64).range(0..))]
    pub sequence: Option<i64>,
    /// Seconds between two looks
    #[arg(long, env = "UPDATE_INTERVAL", default_value = "60", value_parser = seconds)]
    pub interval: Duration,
    /// Hosts, beside the server's own, that it may redirect to by https
    #[arg(
        long,
        env = "REPLICATION_ALLOW_HOST",
        value_delimiter = ',',
        default_value = "osm-planet-eu-central-1.s3.dualstack.eu-central-1.amazonaws.com"
    )]
    pub allow_host: Vec<String>,
    /// Database, as a URL or as libpq's key=value pairs
    #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
    pub database_url: String,
}

/// Settings of `rawdata status`.
#[derive(Debug, Args)]
pub struct Status {
    /// Database, as a URL or as libpq's key=value pairs
    #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
    pub database_url: String,
    /// Redis
    #[command(flatten)]
    pub redis: Redis,
}

fn seconds(text: &str) -> Result<Duration, String> {
    text.parse().map(Duration::from_secs).map_err(|_| "not a whole number of seconds".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn results_lie_in_a_folder_or_in_a_bucket() {
        let worker = ["rawdata", "worker", "--database-url", "postgresql://h/d"];
        let accepts = |more: &[&str]| Cli::try_parse_from(worker.iter().chain(more)).is_ok();
        assert!(!accepts(&["--result-dir", "folder", "--zip-level", "10"]));
        assert!(accepts(&["--result-dir", "folder", "--zip-level", "0"]) && accepts(&["--bucket-name", "bucket"]));
    }

    #[test]
    fn the_public_address_comes_from_the_settings() {
        let store = |public_url: Option<&str>| Store {
            result_dir: None,
            bucket_name: None,
            aws_endpoint_url: None,
            aws_region: None,
            listen: ([127, 0, 0, 1], 8123).into(),
            public_url: public_url.map(str::to_owned),
        };
        assert_eq!(store(None).public_url(), "http://127.0.0.1:8123");
        assert_eq!(store(Some("https://maps.example/osm/")).public_url(), "https://maps.example/osm");
    }
}
