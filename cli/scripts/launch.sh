# Sourced by the five scripts, with $scripts (their directory), $operation and Host Factory's arguments set.
# Host Factory gives little environment (maybe no PATH, no HOME) and may read both streams as one document:
# so standard error goes to a log, and whatever is wrong is one JSON document on standard output, exit 1.

provider=${HF_PROVIDER_NAME:-awsinst}
# It becomes part of a path.
case $provider in
  *[!A-Za-z0-9_-]*) provider=awsinst ;;
esac
log_dir=${HF_PROVIDER_LOGDIR:-${HF_LOGDIR:-}}
log=/dev/null
if [ -n "$log_dir" ] && { true >>"$log_dir/$provider-provider.stderr.log"; } 2>/dev/null; then
  log=$log_dir/$provider-provider.stderr.log
fi
exec 2>>"$log"

fail() {
  printf '{"message":"%s"}\n' "$(printf '%s' "$1" | tr -s '\000-\037' ' ' | sed 's/[\\"]/\\&/g')"
  exit 1
}

# Without links: Node takes `..` away before it follows any.
root=$(CDPATH= cd -P -- "$scripts/../.." && pwd -P)
main=$root/dist/cli/main.cjs
[ -f "$main" ] || fail "$main is missing: Open Host Factory is not built. Run 'npm ci' and 'npm run build' in $root."

recorded=
[ -r "$root/dist/node-path" ] && IFS= read -r recorded <"$root/dist/node-path"
if [ -n "${OHF_NODE:-}" ]; then
  [ -f "$OHF_NODE" ] && [ -x "$OHF_NODE" ] || fail "OHF_NODE is '$OHF_NODE', which is no executable file. It names the node to run."
  node=$OHF_NODE
elif [ -x "$root/bin/node" ]; then
  node=$root/bin/node
elif [ -n "$recorded" ] && [ -x "$recorded" ]; then
  node=$recorded
else
  node=$(command -v node) || fail "node is not found. Set OHF_NODE to the absolute path of Node.js, or put a link to it at $root/bin/node."
fi

# Reading extra certificates costs every call about 70 ms, and a connection without TLS has no use for them.
# With TLS that only config.json names, and a private authority in this variable, set OHF_KEEP_CA_CERTS=1.
if [ -z "${OHF_KEEP_CA_CERTS:-}${TEMPORAL_TLS:-}${OHF_TEMPORAL_TLS:-}${TEMPORAL_API_KEY:-}" ]; then
  unset NODE_EXTRA_CA_CERTS
fi
NODE_NO_WARNINGS=1
export NODE_NO_WARNINGS

# exec: what kills this script kills the call.
exec "$node" "$main" "$operation" "$@"
