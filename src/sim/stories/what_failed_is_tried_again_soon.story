# All that a host does about a crash fails for a while. It is tried again after pauses that double,
# not when something else happens.
hosts 1
create image tiny
upload image tiny
run 5s
create instance web {"image": "tiny", "flavor": "tiny"}
run 12s
quiet
faults h1 fail=1000
crash web
run 2s
faults h1 fail=0
run 20s
rest
----
00:17.001  the volume is detached
00:17.001  web: its QEMU ended on its own: signal 9; it is started again
00:20.926  web: it waits: the host had a moment of weakness
00:20.959  web: it is being started
00:21.228  the volume is attached
00:21.228  web: it runs with kvm
