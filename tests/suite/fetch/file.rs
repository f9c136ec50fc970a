//! A file at any address, by `rawdata fetch` and by `rawdata import`.

use std::io::Write;

use rawdata_tests::{Database, Program};

use super::{
    BEFORE, EAST, PAGE, REMARK, WEST, fetched, loaded, refusal, refused, run,
    web::{Web, answer, with_headers},
};

fn gzip(text: &str) -> Vec<u8> {
    let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    writer.write_all(text.as_bytes()).unwrap();
    writer.finish().unwrap()
}

fn bzip2(text: &str) -> Vec<u8> {
    let mut writer = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
    writer.write_all(text.as_bytes()).unwrap();
    writer.finish().unwrap()
}

fn helsinki() -> Vec<u8> {
    std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/data/helsinki-centre.osm.pbf")).unwrap()
}

#[test]
fn a_file_is_known_by_its_content() {
    let database = Database::new();
    let files = [WEST.into(), gzip(EAST), bzip2(WEST), zstd::encode_all(EAST.as_bytes(), 1).unwrap()];
    for (file, expected) in files.into_iter().zip(["1 v1, 2 v2", "2 v2, 3 v1"].into_iter().cycle()) {
        let headers = format!("content-type: text/html\r\ncontent-length: {}\r\n", file.len());
        let web = Web::new([with_headers("GET /map.pdf?x=1 ", "200 OK", &headers, &file)]);
        fetched(&database, &[&format!("{}/map.pdf?x=1", web.address)]);
        assert_eq!(loaded(&database), expected);
        let output = run(&database, "import", &[&format!("{}/map.pdf?x=1", web.address)]);
        assert!(output.status.success(), "{output:?}");
        assert_eq!(loaded(&database), expected);
    }
}

#[test]
fn a_file_is_appended_whatever_its_format() {
    let database = Database::new();
    database.import(BEFORE);
    let web = Web::new([answer("/pbf", "200 OK", helsinki()), answer("/gz", "200 OK", gzip(WEST))]);
    for (path, expected) in [("gz", "appended: 2 objects"), ("pbf", "appended: 30010 objects")] {
        let said = fetched(&database, &["--append", &format!("{}/{path}", web.address)]);
        assert!(said.contains(expected), "{said}");
    }
    assert_eq!(database.psql("SELECT count(*) FROM rawdata.nodes").trim(), (8106 + 3).to_string());
}

#[test]
fn a_broken_file_changes_nothing() {
    let database = Database::new();
    database.import(BEFORE);
    let zipped = gzip(WEST);
    let half = |bytes: &[u8]| bytes[..bytes.len() / 2].to_vec();
    let whole = |status, body: &[u8]| answer("GET /file ", status, body);
    for (given, expected) in [
        (whole("200 OK", PAGE.as_bytes()), "a web page came in place of map data: OSM3S Response"),
        (whole("200 OK", b"<html><body>down</body></html>"), "a web page came in place of map data: untitled"),
        (whole("200 OK", b"{\"elements\": []}"), "JSON files are not read"),
        (whole("200 OK", REMARK.as_bytes()), "runtime error: Query timed out in \"query\""),
        (whole("200 OK", b""), "the document is empty"),
        (whole("200 OK", &WEST.as_bytes()[..WEST.len() - 8]), "the document ends before </osm>"),
        (whole("200 OK", b"<osm version=\"0.6\"><node id=\"1"), "not found before end of input"),
        (whole("200 OK", &half(&zipped)), ""),
        (whole("200 OK", &half(&helsinki())), ""),
        (with_headers("", "200 OK", "content-length: 9999\r\n", WEST), "could not be read to its end"),
        (
            with_headers("", "200 OK", "transfer-encoding: chunked\r\n", "5\r\n<osm \r\n9999\r\nversion"),
            "could not be read to its end",
        ),
        (whole("404 Not Found", b"<html><head><title>404 Not Found</title></head></html>"), "answers 404 Not Found"),
        (whole("403 Forbidden", b"for members\nonly"), "answers 403 Forbidden: for members only"),
        (whole("504 Gateway Timeout", PAGE.as_bytes()), "the server is busy (504 Gateway Timeout), try again later"),
    ] {
        let web = Web::new([given]);
        let address = format!("{}/file", web.address);
        for arguments in [&[address.as_str()][..], &["--append", &address]] {
            let said = refused(&database, arguments);
            assert!(said.contains(expected), "{expected}: {said}");
        }
        assert_eq!(loaded(&database), "7 v1", "{expected}");
    }
}

#[test]
fn a_file_may_be_as_large_as_the_setting_says() {
    let database = Database::new();
    database.import(BEFORE);
    let web = Web::new([
        answer("/announced", "200 OK", WEST),
        with_headers("/silent", "200 OK", "", WEST),
        answer("/fits", "200 OK", "<osm version=\"0.6\"/>"),
    ]);
    for path in ["announced", "silent"] {
        let address = format!("{}/{path}", web.address);
        for (command, arguments) in
            [("fetch", &[address.as_str()][..]), ("fetch", &["--append", &address]), ("import", &[&address])]
        {
            let said = refusal(run(&database, command, &[arguments, &["--max-bytes", "100"]].concat()));
            assert!(said.contains("larger than 100 bytes: raise FETCH_MAX_BYTES"), "{said}");
        }
    }
    assert_eq!(loaded(&database), "7 v1");
    fetched(&database, &[&format!("{}/fits", web.address), "--max-bytes", "100"]);
}

#[test]
fn a_busy_server_is_asked_again_when_it_says() {
    let database = Database::new();
    let busy = with_headers("/file", "429 Too Many Requests", "retry-after: 1\r\ncontent-length: 0\r\n", "");
    let web = Web::new([busy.once(), answer("/file", "200 OK", WEST)]);
    fetched(&database, &[&format!("{}/file", web.address), "--tries", "2"]);
    assert_eq!(web.asked().len(), 2);
    assert_eq!(loaded(&database), "1 v1, 2 v2");
}

/// Only hosts that are named are asked, however they are spelled and however the way leads there.
#[test]
fn a_host_that_is_not_named_gets_no_connection() {
    let database = Database::new();
    let inner = Web::new([answer("", "200 OK", WEST)]);
    let port = inner.address.rsplit(':').next().unwrap();
    for host in ["127.0.0.1", "localhost", "0x7f.1", "2130706433", "[::ffff:127.0.0.1]", "[::1]", "0.0.0.0"] {
        let address = format!("http://{host}:{port}");
        for (command, arguments) in [
            ("fetch", &[address.as_str()][..]),
            ("fetch", &["--append", &address]),
            ("fetch", &["--bbox", "0,0,1,1", "--osm-api-url", &address]),
            ("fetch", &["--overpass", "out;", "--overpass-url", &address]),
            ("fetch", &["--extract", "x", "--extract-url", &address]),
            ("import", &[&address]),
        ] {
            let mut program = Program::rawdata(command);
            let said = refusal(program.args(arguments).args(["--database-url", &database.url()]).output().unwrap());
            assert!(said.contains("name it by --allow-host"), "{command} {arguments:?}: {said}");
        }
        // From a server that may be asked to one that may not.
        if host != "127.0.0.1" && host != "0x7f.1" && host != "2130706433" {
            let location = format!("location: {address}/x\r\ncontent-length: 0\r\n");
            let outer = Web::new([with_headers("", "302 Found", &location, "")]);
            for command in ["fetch", "import"] {
                let said = refusal(run(&database, command, &[&outer.address]));
                assert!(said.contains("name it by --allow-host"), "{host}: {said}");
            }
        }
    }
    assert_eq!(inner.asked(), Vec::<String>::new());
    for address in ["file:///etc/passwd", "ftp://127.0.0.1/x", "http://download.geofabrik.de/x"] {
        let said = refused(&database, &[address]);
        assert!(said.contains("no http or https address") || said.contains("https only"), "{said}");
    }
}

#[test]
fn a_redirect_leads_on_among_named_hosts() {
    let database = Database::new();
    let inner = Web::new([answer("GET /real ", "200 OK", WEST)]);
    let location = format!("location: {}/real\r\ncontent-length: 0\r\n", inner.address);
    let outer = Web::new([with_headers("", "302 Found", &location, "")]);
    fetched(&database, &[&outer.address]);
    assert_eq!(loaded(&database), "1 v1, 2 v2");
    let round = Web::new([with_headers("", "302 Found", "location: /again\r\ncontent-length: 0\r\n", "")]);
    let said = refused(&database, &[&round.address]);
    assert!(said.contains("more than 5 redirects"), "{said}");
}
