# A guest powers itself off. It stays off, and its room on the host is free, until it is started.
hosts 1
run 100ms
create image tiny
run 50ms
upload image tiny
create instance one {"image": "tiny", "flavor": "tiny"}
run 20s
quiet
poweroff one
run 10s
start instance one
run 10s
rest
----
00:20.151  the volume is detached
00:20.151  one: its guest powered off
00:20.151  one is off and gives its room back
00:20.151  network default is not needed on h1 any more
00:20.256  the network is not needed on h1 and gone
00:20.256  network default is gone from a host that had it
00:30.150  admin asked for it: start instance one
00:30.150  admin asked for instance one to be running
00:30.150  one claimed on h1, generation 2: h1 has the most room of 1 host
00:30.150  network default is needed on h1 by one
00:30.170  the network is ready on h1
00:30.170  one: it is being started
00:30.510  the volume is attached
00:30.510  one: it runs with kvm
00:30.510  instance one: running
