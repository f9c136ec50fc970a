-- Run by psql against the private cluster; may be run again.
-- Variables: database, password (of the role that server and worker log in with).
SET client_min_messages = warning;
SELECT format('CREATE DATABASE %I', :'database')
 WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'database') \gexec
\connect :database
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS postgis;
CREATE EXTENSION IF NOT EXISTS pg_rawdata;
ALTER EXTENSION pg_rawdata UPDATE;
SELECT rawdata.create_roles() \g /dev/null
SELECT rawdata.create_tables() \g /dev/null
SELECT 'CREATE ROLE rawdata_server LOGIN'
 WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'rawdata_server') \gexec
ALTER ROLE rawdata_server PASSWORD :'password';
GRANT rawdata_writer TO rawdata_server;
