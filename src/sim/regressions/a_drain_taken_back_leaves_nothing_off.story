# A drain is taken back while guests power off by our button: once before its host hears of that, once
# after. The first was once launched there again while its older report, off, gave its room back; the
# second was once left off, as if its guest had wanted that.
hosts 3 vcpus=8 memory=8GiB lease=default
create image tiny
upload image tiny
run 5s
create instance web {"image": "tiny", "flavor": "tiny", "pool": "nas", "restart": "never"}
run 15s
quiet
drain host h1
run 1021ms
undrain host h1
run 20s
drain host h1
run 500ms
undrain host h1
run 20s
rest 1m
----
00:20.000  admin asked for it: drain host h1
00:20.000  admin asked for host h1 to be drained
00:20.000  web is stopped on h1, which is drained, to start on another host
00:21.021  admin asked for it: end the drain of host h1
00:21.021  admin asked for host h1 to be exists
00:21.021  host h1: given up: the drain was ended
00:21.021  web stays on h1, which is drained no more
00:21.034  the volume is detached
00:21.034  web: its guest powered off
00:21.603  the volume is attached
00:21.603  web: it runs with kvm
00:41.021  admin asked for it: drain host h1
00:41.021  admin asked for host h1 to be drained
00:41.021  web is stopped on h1, which is drained, to start on another host
00:41.521  admin asked for it: end the drain of host h1
00:41.521  admin asked for host h1 to be exists
00:41.521  host h1: given up: the drain was ended
00:41.521  web stays on h1, which is drained no more
00:42.055  the volume is detached
00:42.055  web: its guest powered off
00:42.328  the volume is attached
00:42.328  web: it runs with kvm
