# shellcheck shell=bash
# Private PostgreSQL clusters. A cluster is a folder that holds data/, port and log; its superuser is portico_admin.
# PostgreSQL refuses to run as root: root's clusters belong to the user postgres.

POSTGRES_ADMIN=portico_admin

# The folder of PostgreSQL's programs: those that made the data, or the newest from 15 on.
postgres_programs() {
  local data=${1:-} folder
  if [[ -n $data ]] && folder=/usr/lib/postgresql/$(as_postgres cat "$data/PG_VERSION" 2>/dev/null)/bin && [[ -x $folder/postgres ]]; then
    printf '%s' "$folder"
    return 0
  fi
  folder=$(printf '%s\n' /usr/lib/postgresql/*/bin/postgres | sort -V | tail -n 1)
  if [[ -x $folder ]] && (($(cut -d/ -f5 <<<"$folder") >= 15)); then
    dirname "$folder"
    return 0
  fi
  folder=$(command -v postgres) && dirname "$folder"
}

# Runs a command as the clusters' owner, from a folder that this owner may enter.
as_postgres() {
  if ((EUID == 0)); then
    (cd / && runuser -u postgres -- "$@")
  else
    "$@"
  fi
}

# A new folder for a cluster that lives as long as one run of a script.
temporary_cluster_folder() {
  if ((EUID == 0)); then as_postgres env -u TMPDIR mktemp -d -t portico-postgres.XXXXXXXX; else mktemp -d -t portico-postgres.XXXXXXXX; fi
}

# Prints the folder for a lasting cluster that is found at LINK. Where the user postgres cannot reach LINK, since a
# folder above it is closed, the cluster lies among the machine's data and LINK points there.
lasting_cluster_folder() {
  local link=$1 parent folder
  if [[ -d $link ]]; then
    (cd "$link" && pwd -P)
    return 0
  fi
  parent=$(dirname "$link")
  if ((EUID != 0)); then
    (umask 077 && mkdir -p "$link")
    printf '%s' "$link"
  elif as_postgres test -x "$parent"; then
    install -d -o postgres -g postgres -m 700 "$link"
    printf '%s' "$link"
  else
    install -d -m 711 /var/lib/portico
    # A new name each time: what an earlier checkout at this place left behind has another password.
    folder=$(mktemp -d /var/lib/portico/XXXXXXXX)
    chown postgres:postgres "$folder"
    ln -sfn "$folder" "$link"
    printf '%s' "$folder"
  fi
}

# cluster_create FOLDER PASSWORD [INITDB OPTION...]
cluster_create() {
  local folder=$1 password=$2 programs
  shift 2
  programs=$(postgres_programs)
  # What an interrupted attempt left behind would make initdb refuse.
  as_postgres rm -rf "$folder/data.new"
  (umask 077 && as_postgres tee "$folder/password" >/dev/null <<<"$password")
  as_postgres "$programs/initdb" --pgdata="$folder/data.new" --username="$POSTGRES_ADMIN" --pwfile="$folder/password" \
    --auth=scram-sha-256 --encoding=UTF8 --locale=C.UTF-8 "$@" >/dev/null || return 1
  as_postgres rm -f "$folder/password"
  as_postgres mv "$folder/data.new" "$folder/data"
}

cluster_is_running() { as_postgres "$(postgres_programs "$1/data")/pg_ctl" status -D "$1/data" >/dev/null 2>&1; }

# cluster_start FOLDER [SERVER OPTION...] prints the port, which stays the same from start to start while it is free.
cluster_start() {
  local folder=$1 programs port _
  shift
  programs=$(postgres_programs "$folder/data")
  port=$(as_postgres cat "$folder/port" 2>/dev/null || true)
  if cluster_is_running "$folder"; then
    printf '%s' "$port"
    return 0
  fi
  for _ in {1..5}; do
    if [[ -z $port ]] || port_is_taken "$port"; then port=$(free_port); fi
    # The socket lies in the data folder, by a relative path: absolute ones may be at most 107 bytes long.
    if as_postgres "$programs/pg_ctl" start -s -w -t 60 -D "$folder/data" -l "$folder/log" \
      -o "-p $port -c listen_addresses=127.0.0.1 -c unix_socket_directories=. $*" >/dev/null 2>&1; then
      as_postgres tee "$folder/port" >/dev/null <<<"$port"
      printf '%s' "$port"
      return 0
    fi
    port_is_taken "$port" || break
  done
  as_postgres tail -n 15 "$folder/log" >&2 || true
  die "PostgreSQL did not start; its last words stand above." "The whole of it: $folder/log"
}

cluster_stop() {
  cluster_is_running "$1" || return 0
  as_postgres "$(postgres_programs "$1/data")/pg_ctl" stop -s -w -t 30 -m fast -D "$1/data"
}

# cluster_sql FOLDER PORT PASSWORD DATABASE [PSQL OPTION...]: statements come as options or on standard input.
cluster_sql() {
  local folder=$1 port=$2 password=$3 database=$4
  shift 4
  PGPASSWORD=$password "$(postgres_programs "$folder/data")/psql" -X -q -A -t -v ON_ERROR_STOP=1 \
    -h 127.0.0.1 -p "$port" -U "$POSTGRES_ADMIN" -d "$database" "$@"
}

cluster_ensure_database() {
  local folder=$1 port=$2 password=$3 name=$4
  if [[ $(cluster_sql "$folder" "$port" "$password" postgres -c "select 1 from pg_database where datname = '$name'") != 1 ]]; then
    cluster_sql "$folder" "$port" "$password" postgres -c "create database \"$name\""
  fi
}
