-- The schema is made by the control file. Nobody but its owner makes objects in it.
REVOKE ALL ON SCHEMA rawdata FROM PUBLIC;
GRANT USAGE ON SCHEMA rawdata TO PUBLIC;
