-- For `make bench`: the tables of rawdata as osm2pgsql would fill them, so that both do the same work.
local function columns(geometry)
    return {
        { column = 'uid', type = 'int' }, { column = 'user', type = 'text' }, { column = 'version', type = 'int' },
        { column = 'changeset', type = 'bigint' }, { column = 'timestamp', sql_type = 'timestamptz' },
        { column = 'tags', type = 'jsonb' }, { column = 'geom', type = geometry, projection = 4326, not_null = true },
    }
end
local nodes = osm2pgsql.define_node_table('nodes', columns('point'))
local lines = osm2pgsql.define_way_table('ways_line', columns('linestring'))
local areas = osm2pgsql.define_way_table('ways_poly', columns('geometry'))
local relations = osm2pgsql.define_relation_table('relations', columns('geometry'))

local drop = { 'odbl', 'source:ref' }
local line_keys = { 'highway', 'barrier', 'railway', 'waterway' }

local function row(object, geometry)
    return {
        uid = object.uid, user = object.user, version = object.version, changeset = object.changeset,
        timestamp = object.timestamp and os.date('!%Y-%m-%dT%H:%M:%SZ', object.timestamp), tags = object.tags, geom = geometry,
    }
end
local function untagged(object)
    for _, key in ipairs(drop) do object.tags[key] = nil end
    return next(object.tags) == nil
end
local function is_area(object)
    if not object.is_closed or object.tags.area == 'no' then return false end
    if object.tags.area == 'yes' then return true end
    for _, key in ipairs(line_keys) do if object.tags[key] then return false end end
    return true
end

function osm2pgsql.process_node(object)
    if not untagged(object) then nodes:insert(row(object, object:as_point())) end
end
function osm2pgsql.process_way(object)
    if untagged(object) then return end
    if is_area(object) then areas:insert(row(object, object:as_polygon())) else lines:insert(row(object, object:as_linestring())) end
end
function osm2pgsql.process_relation(object)
    if untagged(object) then return end
    local kind = object.tags.type
    if kind == 'multipolygon' or kind == 'boundary' then
        relations:insert(row(object, object:as_multipolygon()))
    else
        relations:insert(row(object, object:as_multilinestring():line_merge()))
    end
end
