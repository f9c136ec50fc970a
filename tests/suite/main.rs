//! Tests that go through a public face: SQL, HTTP, the program, the files that are installed.

mod compat;
mod countries;
mod golden;
mod http;
mod package;
mod sql_reference;
mod worker;
