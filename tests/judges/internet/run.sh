#!/bin/sh
# A small internet in a network namespace of its own: NSD as the root and as com and net, our server as the one that
# example.com is delegated to, everything on port 53. Then the commands on standard input, in FOLDER.
#   unshare -n sh run.sh HERE FOLDER BINARY ZONES < COMMANDS
set -eu
here=$1 folder=$2 binary=$3 zones=$4
root='198.41.0.4 199.9.14.201 2001:503:ba3e::2:30 2001:500:200::b'
top='192.5.6.30 192.33.14.30 2001:503:a83e::2:30'
ours='192.0.2.53 198.51.100.53 2001:db8:f::53 2001:db8:1::53'
ip link set lo up
for address in $root $top $ours; do
    case $address in
    *:*) ip addr add "$address/128" dev lo nodad ;;
    *) ip addr add "$address/32" dev lo ;;
    esac
done
cd "$folder"
nsd() { # NAME ADDRESSES ZONE FILE...
    name=$1 addresses=$2
    shift 2
    {
        echo 'server:'
        for address in $addresses; do echo "  ip-address: $address"; done
        printf '  %s: "%s"\n' username '' database '' zonesdir "$here" zonelistfile "$folder/$name.list" \
            xfrdfile "$folder/$name.xfrd" xfrdir "$folder" pidfile "$folder/$name.pid"
        printf 'remote-control:\n  control-enable: no\n'
        while [ $# -gt 1 ]; do
            printf 'zone:\n  name: %s\n  zonefile: %s\n' "$1" "$2"
            shift 2
        done
    } >"$name.conf"
    /usr/sbin/nsd -d -c "$name.conf" >"$name.log" 2>&1 &
    pids="$pids $!"
}
pids=
trap 'kill $pids 2>/dev/null || true; wait' EXIT
nsd root "$root" . root.zone root-servers.net root-servers.net.zone
nsd top "$top" com com.zone net net.zone
listen=
for address in $ours; do
    case $address in
    *:*) listen="$listen [$address]:53" ;;
    *) listen="$listen $address:53" ;;
    esac
done
"$binary" serve --zones "$zones" --state "$folder/state" --admin 127.0.0.1:8053 --listen $listen >meridian.log 2>&1 &
pids="$pids $!"
# All are ready when all answer.
for address in $root $top $ours; do
    tries=0
    case " $ours " in *" $address "*) name=example.com ;; *) name=com ;; esac
    until dig +norec +tries=1 +time=1 "@$address" "$name" NS >/dev/null 2>&1; do
        tries=$((tries + 1))
        [ $tries -lt 100 ] || { echo "$address does not answer" >&2; exit 1; }
        sleep 0.1
    done
done
. /dev/stdin
