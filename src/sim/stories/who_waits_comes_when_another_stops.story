# Who does not fit waits; he comes as soon as another is stopped and has given its room back.
hosts 1 vcpus=8 memory=4GiB
create image tiny
upload image tiny
run 5s
create instance a {"image": "tiny", "flavor": "medium"}
run 10s
create instance b {"image": "tiny", "flavor": "medium"}
run 10s
quiet
stop instance a
run 20s
rest
----
00:25.000  admin asked for it: stop instance a
00:25.000  admin asked for instance a to be stopped
00:26.055  the volume is detached
00:26.055  a: its guest powered off
00:26.055  a is off and gives its room back
00:26.055  network default is not needed on h1 any more
00:26.055  b claimed on h1, generation 1: h1 has the most room of 1 host
00:26.055  volume b-root lies on h1 with its instance
00:26.055  network default is needed on h1 by b
00:26.055  instance a: stopped
00:26.057  the network is ready on h1
00:26.091  b: it waits: its volume is being prepared
00:26.119  the volume is ready
00:26.119  b: it is being started
00:26.363  the volume is attached
00:26.363  b: it runs with kvm
00:26.363  instance b: running
