# Sourced: the state folder. `settings` remembers ports, passwords and where the data lies; `env` is for the user's shell.

# Where the servers' data lies: in the state folder, or, as root, where PostgreSQL's user can enter.
data_folder() {
    if ! is_root || (as postgres test -x "$home"); then
        echo "$home"
    else
        echo "/var/lib/rawdata-$(printf %s "$home" | sha256sum | cut -c1-12)"
    fi
}

# A socket's path is limited to 107 bytes; a deep state folder gets its sockets elsewhere.
socket_folder() {
    local folder=$data/socket
    [ ${#folder} -le 90 ] || folder=/tmp/rawdata-$(id -u)-$(printf %s "$home" | sha256sum | cut -c1-12)
    echo "$folder"
}

load_state() {
    mkdir -p "$home" 2>/dev/null && [ -O "$home" ] || fail "$home belongs to somebody else; set RAWDATA_HOME to a folder of your own"
    chmod 755 "$home"
    if [ -e "$home/settings" ]; then
        . "$home/settings"
    else
        data=$(data_folder)
        socket=$(socket_folder)
        postgres_port='' redis_port='' http_port=''
        database_password=$(secret) redis_password=$(secret)
    fi
}

# Written whole and renamed, so that an interrupted run leaves the old one or the new one.
save_state() {
    (
        umask 077
        for name in data socket postgres_port redis_port http_port database_password redis_password; do
            printf '%s=%q\n' "$name" "${!name}"
        done >"$home/settings.new"
    )
    mv "$home/settings.new" "$home/settings"
}

# owned_folder USER FOLDER MODE
owned_folder() {
    mkdir -p "$data" && mkdir -p -m "$3" "$2"
    if is_root; then chown "$1:$1" "$2"; fi
    [ -O "$2" ] || is_root || fail "$2 belongs to somebody else"
    chmod "$3" "$2"
}

base_url() { echo "http://127.0.0.1:$http_port"; }
# The user is named because redis-cli 7.0 takes an empty name for a user's.
redis_url() { echo "redis://default:$redis_password@127.0.0.1:$redis_port/0"; }
database_url() { echo "postgresql://rawdata_server:$database_password@127.0.0.1:$postgres_port/${1:-rawdata}"; }

write_env() {
    (
        umask 077
        {
            echo "# Written by \`make up\`; \`. .rawdata/env\` leads a shell to its servers."
            printf 'export %s=%q\n' DATABASE_URL "$(database_url)" REDIS_URL "$(redis_url)" BASE_URL "$(base_url)" \
                PGHOST "$socket" PGPORT "$postgres_port" PGUSER postgres PGDATABASE rawdata
            printf 'export PATH=%q:%q:"$PATH"\n' "$data/bin" "$postgres_bin"
        } >"$home/env.new"
    )
    mv "$home/env.new" "$home/env"
}
