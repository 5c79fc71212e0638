# shellcheck shell=bash
# Where things lie. ROOT is the checkout, set by the script that reads this file.

: "${ROOT:?}"

# Tools that are built or fetched once and shared by all checkouts of one person.
tool_cache() { printf '%s/portico/tools' "${XDG_CACHE_HOME:-${HOME:?}/.cache}"; }

target_folder() { printf '%s' "${CARGO_TARGET_DIR:-$ROOT/target}"; }

# An automated build starts from a fresh clone. What it compiled is kept outside, to be found again, but never counted on.
keep_target_between_runs() {
  [[ ${CI:-} == true && -z ${CARGO_TARGET_DIR:-} ]] || return 0
  CARGO_TARGET_DIR="${XDG_CACHE_HOME:-${HOME:?}/.cache}/portico/target"
  export CARGO_TARGET_DIR
  local limit_kib=$((25 * 1024 * 1024)) used_kib
  [[ -d $CARGO_TARGET_DIR ]] || return 0
  used_kib=$(du -sk "$CARGO_TARGET_DIR" | cut -f1)
  if ((used_kib > limit_kib)); then
    say "Removing compiled code of earlier runs: it has grown to $((used_kib / 1024 / 1024)) GiB."
    rm -rf "$CARGO_TARGET_DIR"
  fi
}

# The state of a Portico on this machine. Others may pass through the folder (the database's own user must), not read it.
open_home() {
  PORTICO_HOME=${PORTICO_HOME:-$ROOT/.portico}
  mkdir -p "$PORTICO_HOME"
  PORTICO_HOME=$(cd "$PORTICO_HOME" && pwd -P)
  export PORTICO_HOME
  chmod 711 "$PORTICO_HOME"
  mkdir -p "$PORTICO_HOME/log" "$PORTICO_HOME/secrets"
  chmod 700 "$PORTICO_HOME/log" "$PORTICO_HOME/secrets"
}

random_secret() { od -An -v -N24 -tx1 /dev/urandom | tr -d ' \n'; }

# Prints the secret of this name, made on first use and readable by its owner only.
kept_secret() {
  local file=$PORTICO_HOME/secrets/$1
  if [[ ! -s $file ]]; then
    (umask 077 && random_secret >"$file.new" && mv "$file.new" "$file")
  fi
  cat "$file"
}
