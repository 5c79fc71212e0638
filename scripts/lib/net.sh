# shellcheck shell=bash
# Ports and one question over HTTP, with nothing but bash.

port_is_taken() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

free_port() {
  local port _
  for _ in {1..50}; do
    port=$((20000 + RANDOM % 12000))
    if ! port_is_taken "$port"; then
      printf '%d' "$port"
      return 0
    fi
  done
  die "no free port was found between 20000 and 32000."
}

# Succeeds where http://localhost:PORT/PATH answers 200.
answers_ok() {
  local port=$1 path=$2
  (
    exec 3<>"/dev/tcp/127.0.0.1/$port" || exit 1
    printf 'GET %s HTTP/1.1\r\nHost: localhost:%d\r\nConnection: close\r\n\r\n' "$path" "$port" >&3
    read -r -t 5 _ status _ <&3 && [[ $status == 200 ]]
  ) 2>/dev/null
}
