//! Settings: flags, environment variables and their defaults, in one place.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use clap::{ArgGroup, Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

use crate::{
    fetch::{Bbox, Terms},
    replication::Patience,
    web::Hosts,
};

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
  rawdata import liechtenstein.osm.pbf --boundary liechtenstein.poly
  rawdata fetch --extract liechtenstein --boundary
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
    /// Gets a map file, an extract, a box or the answer to a query from a server, and loads or appends it
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
    /// Largest body of a request, in bytes, up to 8388608
    #[arg(long, env = "BODY_LIMIT", default_value_t = 4 << 20, value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1..=8 << 20))]
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
    /// Keeps the data set current, beside the exports
    #[arg(long, env = "UPDATES")]
    pub updates: bool,
    /// The replication server.
    #[command(flatten)]
    pub replication: Replication,
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

/// Which servers may be asked for map data and updates.
#[derive(Debug, Clone, Args)]
pub struct Allowed {
    /// Hosts that may be asked, and redirected to, beside the well-known; these may have private addresses
    #[arg(long = "allow-host", env = "FETCH_ALLOW_HOST", value_delimiter = ',', value_name = "HOST")]
    allow_hosts: Vec<String>,
}

impl Allowed {
    /// These and the well-known.
    pub fn hosts(&self) -> Hosts {
        Hosts::new(&self.allow_hosts)
    }
}

/// Which servers are asked for map data, and how often.
#[derive(Debug, Clone, Args)]
pub struct Web {
    /// Hosts.
    #[command(flatten)]
    pub allowed: Allowed,
    /// Most bytes that are fetched; where not given 256 MiB of what is held in memory, 16 GiB of what is passed on
    #[arg(long, env = "FETCH_MAX_BYTES")]
    pub max_bytes: Option<u64>,
    /// How often a server that says it is busy is asked
    #[arg(long, env = "FETCH_TRIES", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    pub tries: u32,
}

impl Web {
    /// What servers are asked on.
    pub fn terms(&self) -> Terms {
        Terms { hosts: self.allowed.hosts(), limit: self.max_bytes, tries: self.tries }
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
    /// A GeoJSON or .poly file with the boundary that diffs are cut to from then on
    #[arg(long, value_name = "FILE")]
    pub boundary: Option<PathBuf>,
    /// Servers.
    #[command(flatten)]
    pub web: Web,
    /// Database, as a URL or as libpq's key=value pairs
    #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
    pub database_url: String,
}

/// Settings of `rawdata fetch`.
#[derive(Debug, Args)]
#[command(group(ArgGroup::new("what").required(true).args(["address", "bbox", "overpass", "extract"])))]
pub struct Fetch {
    /// Address of a map file: PBF or XML, plain or compressed, as its content tells
    #[arg(value_name = "URL")]
    pub address: Option<String>,
    /// A box in degrees, west,south,east,north: what the OSM API has there
    #[arg(long, allow_hyphen_values = true)]
    pub bbox: Option<Bbox>,
    /// A query in Overpass QL, or @FILE; it should ask for `out:xml` and `out meta`
    #[arg(long)]
    pub overpass: Option<String>,
    /// A region of the extract server, by its id or its name
    #[arg(long, value_name = "REGION")]
    pub extract: Option<String>,
    /// Makes the region's outline the boundary that diffs are cut to from then on
    #[arg(long, requires = "extract", conflicts_with = "append")]
    pub boundary: bool,
    /// Puts what comes onto the data set, newer versions winning; else it replaces the data set
    #[arg(long)]
    pub append: bool,
    /// The OSM API, without /api/0.6
    #[arg(long, env = "OSM_API_URL", default_value = "https://api.openstreetmap.org")]
    pub osm_api_url: String,
    /// The Overpass server, without /interpreter
    #[arg(long, env = "OVERPASS_URL", default_value = "https://overpass-api.de/api")]
    pub overpass_url: String,
    /// The extract server, without /index-v1.json
    #[arg(long, env = "EXTRACT_URL", default_value = "https://download.geofabrik.de")]
    pub extract_url: String,
    /// Servers.
    #[command(flatten)]
    pub web: Web,
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
    /// The server.
    #[command(flatten)]
    pub replication: Replication,
    /// Database, as a URL or as libpq's key=value pairs
    #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
    pub database_url: String,
}

/// Which replication server is followed, and how.
#[derive(Debug, Clone, Args)]
pub struct Replication {
    /// Folder where the server's state.txt lies; as the imported file said where not given
    #[arg(long, visible_alias = "url", env = "REPLICATION_URL", hide_env_values = true)]
    pub replication_url: Option<String>,
    /// Number of the last diff that the data holds, where the data set does not know
    #[arg(
        long = "replication-sequence",
        visible_alias = "sequence",
        env = "REPLICATION_SEQUENCE",
        value_parser = clap::value_parser!(i64).range(0..)
    )]
    pub sequence: Option<i64>,
    /// Hosts.
    #[command(flatten)]
    pub allowed: Allowed,
    /// Seconds that the server may let pass between two pieces of an answer
    #[arg(long = "replication-idle-limit", env = "REPLICATION_IDLE_LIMIT", default_value = "30", value_parser = seconds)]
    pub idle_limit: Duration,
    /// Seconds that one file may take
    #[arg(long = "replication-time-limit", env = "REPLICATION_TIME_LIMIT", default_value = "300", value_parser = seconds)]
    pub time_limit: Duration,
    /// Seconds between two looks, at most a day
    #[arg(long = "update-interval", env = "UPDATE_INTERVAL", default_value = "60", value_parser = seconds)]
    pub interval: Duration,
    /// Seconds to wait after a first failure; twice as long after each that follows, up to 5 minutes
    #[arg(long = "update-retry", env = "UPDATE_RETRY", default_value = "5", value_parser = seconds)]
    pub first_pause: Duration,
    /// Diffs that are applied in one look
    #[arg(long = "update-batch", env = "UPDATE_BATCH", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..))]
    pub batch: u32,
}

impl Replication {
    /// How long the server may take.
    pub fn patience(&self) -> Patience {
        Patience { idle: self.idle_limit, whole: self.time_limit }
    }
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
