# An instance is stopped while its QEMU is being started, which takes long. It is off only when that is
# over: its room and its network stay claimed until then. Said too early, its network went under it (seed 306956 of earlier
# lives).
hosts 1
run 100ms
create image tiny
run 50ms
upload image tiny
run 5s
faults h1 slow=1000
create instance a {"image": "tiny", "flavor": "tiny"}
run 25s
quiet
stop instance a
run 30s
heal
run 60s
rest
----
00:30.150  admin asked for it: stop instance a
00:30.150  admin asked for instance a to be stopped
00:30.150  instance a: given up: a later wish stands against it
00:36.916  the volume is attached
00:36.916  a: it runs with kvm
00:51.552  the volume is detached
00:51.552  a: its guest powered off
00:51.552  a is off and gives its room back
00:51.552  network default is not needed on h1 any more
00:51.552  instance a: stopped
01:00.150  everything heals
01:07.170  the network is not needed on h1 and gone
01:07.170  network default is gone from a host that had it
