# A snapshot is wanted while the instance that has the volume is being launched. It is taken when that
# is over, by the QEMU that has the volume open then.
hosts 1
create image tiny
upload image tiny
run 5s
create instance web {"image": "tiny", "flavor": "tiny"}
create volume data {"size": "1GiB", "instance": "web"}
run 10s
quiet
crash web
run 30ms
faults h1 slow=1000
run 300ms
create snapshot one {"volume": "data"}
run 30s
heal
rest 1m
----
00:15.001  the volume is detached
00:15.001  the volume is detached
00:15.001  web: its QEMU ended on its own: signal 9; it is started again
00:15.330  admin asked for it: create snapshot one
00:15.330  admin asked for snapshot one to be taken
00:26.238  the volume is attached
00:26.238  the volume is attached
00:26.238  web: it runs with kvm
00:35.220  the snapshot is taken
00:35.220  volume_snapshot one: taken
00:45.330  everything heals
