# Sourced: the private PostgreSQL cluster and the private Redis. Both listen on loopback only.

superuser_psql() { "$postgres_bin/psql" -XqAt -v ON_ERROR_STOP=1 -h "$socket" -p "$postgres_port" -U postgres "$@"; }

postgres_runs() { alive "$data/cluster/postmaster.pid" "$data/cluster"; }
redis_runs() { alive "$data/redis/redis.pid" redis-server; }

# choose_ports POSTGRES REDIS: the first free ones from there on; remembered, so that a second run finds the servers of the first.
choose_ports() {
    [ -n "$postgres_port" ] || postgres_port=$(free_port "$1")
    [ -n "$redis_port" ] || redis_port=$(free_port "$2")
    save_state
}

# Made beside and renamed: an interrupted initdb leaves nothing that looks like a cluster.
make_cluster() {
    local made
    if [ -e "$data/cluster/PG_VERSION" ]; then
        made=$(cat "$data/cluster/PG_VERSION")
        [ "$made" = "$postgres" ] || fail "$data/cluster was made by PostgreSQL $made; this system has $postgres. Dump and restore it, or run make clean-data"
        return
    fi
    rm -rf "$data/cluster" "$data/cluster.new"
    owned_folder postgres "$data/cluster.new" 700
    (as postgres "$postgres_bin/initdb" -D "$data/cluster.new" -U postgres -A trust -k \
        --locale=C.UTF-8 --encoding=UTF8 --no-instructions) >"$data/initdb.log" 2>&1 ||
        fail "initdb failed: $(tail -n 3 "$data/initdb.log")"
    mv "$data/cluster.new" "$data/cluster"
}

# An eighth of the memory, between 128 MB and 1 GB: the operating system's cache does the rest.
shared_buffers_mb() { awk '/^MemTotal/ { mb = int($2 / 8192); print (mb < 128 ? 128 : (mb > 1024 ? 1024 : mb)) }' /proc/meminfo; }

# Into FILE, unless it says that already; 0 = changed.
write_if_changed() {
    local text
    text=$(cat)
    [ "$text" != "$(cat "$1" 2>/dev/null)" ] || return 1
    printf '%s\n' "$text" >"$1"
}

configure_cluster() {
    local conf=$data/cluster/rawdata.conf
    grep -q "^include 'rawdata.conf'" "$data/cluster/postgresql.conf" || echo "include 'rawdata.conf'" >>"$data/cluster/postgresql.conf"
    # The socket's folder is closed to all but its owner (and root), so whoever reaches it may be superuser.
    cat >"$data/cluster/pg_hba.conf" <<-HBA
	local all,replication all trust
	host all,replication all 127.0.0.1/32 scram-sha-256
	HBA
    write_if_changed "$conf" <<-CONF
	listen_addresses = '127.0.0.1'
	port = $postgres_port
	unix_socket_directories = '$socket'
	password_encryption = 'scram-sha-256'
	shared_buffers = '$(shared_buffers_mb)MB'
	maintenance_work_mem = '256MB'
	max_wal_size = '4GB'
	checkpoint_timeout = '15min'
	jit = off
	timezone = 'UTC'
	log_timezone = 'UTC'
	log_line_prefix = '%m [%p] %q%u@%d '
	client_connection_check_interval = '1s'
	CONF
}

start_postgres() {
    make_cluster
    owned_folder postgres "$socket" 700
    if postgres_runs; then
        configure_cluster || { wait_for_postgres && return; }
        stop_postgres
    fi
    ! taken "$postgres_port" || fail "port $postgres_port, which this PostgreSQL had before, is taken by another program; stop that, or remove postgres_port from $home/settings"
    configure_cluster || true
    owned_folder postgres "$data/log/postgres" 755
    local attempt log=$data/log/postgres/server.log
    # Busy backends of a server that was killed outlive it for a while, and hold its memory.
    for attempt in 1 2 3 4 5 6 7 8 9 10; do
        # After a crash the pid in these files may be another program's or a zombie's: then PostgreSQL would not start.
        rm -f "$data/cluster/postmaster.pid" "$socket"/.s.PGSQL.*
        (as postgres "$postgres_bin/pg_ctl" -D "$data/cluster" -s -w -t 120 -l "$log" start) </dev/null >/dev/null 2>&1 && return
        tail -n 5 "$log" | grep -q 'shared memory block' || break
        sleep 2
    done
    fail "PostgreSQL did not start: $(tail -n 5 "$log" | grep -E 'FATAL|HINT' || echo "see $log")"
}

wait_for_postgres() {
    local i
    for ((i = 0; i < 120; i++)); do
        ! "$postgres_bin/pg_isready" -q -h "$socket" -p "$postgres_port" || return 0
        sleep 0.5
    done
    fail "PostgreSQL does not answer; see $data/log/postgres/server.log"
}

stop_postgres() {
    ! postgres_runs || (as postgres "$postgres_bin/pg_ctl" -D "$data/cluster" -s -w -t 120 -m fast stop) </dev/null
}

start_redis() {
    owned_folder redis "$data/redis" 700
    redis_runs && return
    ! taken "$redis_port" || fail "port $redis_port, which this Redis had before, is taken by another program; stop that, or remove redis_port from $home/settings"
    owned_folder redis "$data/log/redis" 755
    cat >"$data/redis/redis.conf" <<-CONF
	bind 127.0.0.1
	port $redis_port
	requirepass $redis_password
	dir "$data/redis"
	daemonize yes
	pidfile "$data/redis/redis.pid"
	logfile "$data/log/redis/server.log"
	appendonly yes
	appendfsync everysec
	save ""
	databases ${redis_databases:-16}
	maxmemory-policy noeviction
	CONF
    if is_root; then chown redis:redis "$data/redis/redis.conf"; fi
    chmod 600 "$data/redis/redis.conf"
    rm -f "$data/redis/redis.pid"
    (as redis redis-server "$data/redis/redis.conf") </dev/null >/dev/null || fail "Redis did not start; see $data/log/redis/server.log"
    local i
    for ((i = 0; i < 120; i++)); do
        [ "$(REDISCLI_AUTH=$redis_password redis-cli -p "$redis_port" ping 2>/dev/null)" != PONG ] || return 0
        sleep 0.25
    done
    fail "Redis does not answer; see $data/log/redis/server.log"
}

stop_redis() { stop_process "$data/redis/redis.pid" redis-server; }

# start_process NAME COMMAND…: the program as a daemon of its own session, without a terminal. Secrets come in the environment.
start_process() {
    local name=$1
    shift
    owned_folder daemon "$data/log/rawdata" 755
    (as daemon setsid "$@") </dev/null >>"$data/log/rawdata/$name.log" 2>&1 &
    echo $! >"$home/$name.pid"
}

# stop_process PIDFILE WORD: asks, waits, and ends by force what does not go.
stop_process() {
    local pid i
    if alive "$1" "$2"; then
        pid=$(head -n 1 "$1")
        kill "$pid"
        for ((i = 0; i < 160; i++)); do
            alive "$1" "$2" || break
            sleep 0.25
        done
        ! alive "$1" "$2" || kill -KILL "$pid" || true
    fi
    rm -f "$1"
}
