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
00:20.222  the network is not needed here and gone
00:30.150  admin asked for it: start instance one
00:30.150  admin asked for instance one to be running
00:30.150  one claimed on h1, generation 2: h1 has the most room of 1 host
00:30.150  network default is needed: that it was absent says nothing any more
00:30.170  the network is ready
00:30.186  one: it is being started
00:30.456  the volume is attached
00:30.456  one: it runs with kvm
00:30.456  instance one: running
