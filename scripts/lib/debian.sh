# shellcheck shell=bash
# What the machine must have, and how a Debian gets it. needs() collects; install_missing() acts once for all.

MISSING_PACKAGES=()
MISSING_WORDS=()

is_debian() { [[ -r /etc/debian_version ]] && command -v apt-get >/dev/null; }

# needs PACKAGE "why" TEST...: TEST is a command line that succeeds where the thing is there.
needs() {
  local package=$1 why=$2
  shift 2
  if ! "$@" >/dev/null 2>&1; then
    MISSING_PACKAGES+=("$package")
    MISSING_WORDS+=("$package: $why")
  fi
}

as_administrator() {
  if ((EUID == 0)); then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    return 1
  fi
}

apt() { as_administrator env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=300 "$@" </dev/null; }

package_lists_are_fresh() {
  [[ -n $(find /var/lib/apt/lists -maxdepth 1 -name '*_Packages*' -mtime -1 -print -quit 2>/dev/null) ]]
}

install_missing() {
  ((${#MISSING_PACKAGES[@]})) || return 0
  if ! is_debian; then
    die "this machine lacks what Portico needs, and only Debian (12 or later) is set up by itself." \
      "Please install what these Debian packages hold, then start again:" "${MISSING_WORDS[@]/#/- }"
  fi
  if ((EUID != 0)) && ! command -v sudo >/dev/null; then
    die "some Debian packages are missing, and neither root nor sudo is at hand. As root:" \
      "apt-get install --no-install-recommends ${MISSING_PACKAGES[*]}"
  fi
  say "Installing Debian packages:" && printf '  - %s\n' "${MISSING_WORDS[@]}" >&2
  local log
  log=$(mktemp)
  {
    package_lists_are_fresh || apt update
    apt install -y --no-install-recommends "${MISSING_PACKAGES[@]}" ||
      { apt update && apt install -y --no-install-recommends "${MISSING_PACKAGES[@]}"; }
  } >"$log" 2>&1 || {
    tail -n 30 "$log" >&2
    die "apt-get could not install ${MISSING_PACKAGES[*]}; its last words stand above." "The whole of it: $log"
  }
  rm -f "$log"
  MISSING_PACKAGES=()
  MISSING_WORDS=()
}

# cmake is not among these: aws-lc-sys compiles with cc alone on x86-64 and arm64 Linux.
needs_for_building() {
  needs gcc "compiler and linker for the crates that hold C code" command -v cc
  needs libc6-dev "the C library's headers" test -e /usr/include/stdlib.h
}

# For showing documents: pages as pictures, their words, and letters for PDF files that bring none.
needs_for_running() {
  needs libheif-examples "photos from phones as pictures that every browser shows (heif-convert)" command -v heif-convert
  needs poppler-utils "pages and words of PDF files (pdftoppm, pdftotext)" command -v pdftoppm
  needs fonts-dejavu-core "the letters of certificate pages" \
    test -e /usr/share/fonts/truetype/dejavu/DejaVuSans.ttf
  # Elsewhere it is no reason to refuse: names that no font can print are drawn.
  if is_debian; then
    needs fonts-droid-fallback "the letters of Chinese, Japanese and Korean names on signed files" \
      test -e /usr/share/fonts/truetype/droid/DroidSansFallbackFull.ttf
  fi
}

needs_for_database() {
  needs postgresql "the database, from PostgreSQL 15 on; Portico runs a server of its own and leaves Debian's cluster alone" postgres_programs
}
