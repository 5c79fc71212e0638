# shellcheck shell=bash
# The Rust toolchain: rustup's, never installed behind a person's back.

require_cargo() {
  if ! command -v cargo >/dev/null && [[ -r ${HOME:-}/.cargo/env ]]; then
    # shellcheck source=/dev/null
    . "$HOME/.cargo/env"
  fi
  command -v cargo >/dev/null ||
    die "cargo was not found." "Please install Rust with rustup (https://rustup.rs), then start again."
  local wanted have
  wanted=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' "$ROOT/Cargo.toml" | head -n 1)
  have=$(cargo --version | cut -d' ' -f2)
  if [[ $(printf '%s\n%s\n' "$wanted" "$have" | sort -V | head -n 1) != "$wanted" ]]; then
    die "Rust $have is too old: Portico needs $wanted or later." "rustup update stable"
  fi
}

# Succeeds where the component (rustfmt, clippy) can be used, after asking rustup for it if need be.
has_component() {
  local component=$1 probe=$2
  cargo "$probe" --version >/dev/null 2>&1 && return 0
  command -v rustup >/dev/null || return 1
  rustup component add "$component" && cargo "$probe" --version >/dev/null
}
