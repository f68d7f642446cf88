# A host has room for two instances. The third waits, with the reason, and comes when one goes.
hosts 1 vcpus=1 memory=768MiB
run 100ms
create image tiny
run 50ms
upload image tiny
create instance a {"image": "tiny", "flavor": "tiny"}
create instance b {"image": "tiny", "flavor": "tiny"}
run 20s
quiet
create instance c {"image": "tiny", "flavor": "tiny"}
run 10s
delete instance a
run 10s
rest
----
00:20.150  admin asked for it: create instance c
00:20.150  root volume of c
00:20.150  network card of c
00:20.150  admin asked for instance c to be running
00:20.150  port c-port0 has 10.77.0.4 in default
00:20.150  c waits: no host fits 1 vcpus and 128MiB of memory: of 1 not one that has enough memory: 1
00:30.150  admin asked for it: delete instance a
00:30.150  admin asked for instance a to be gone
00:30.185  the volume is detached
00:30.185  a: its run was ended
00:30.210  a: nothing is left of it here
00:30.210  a ended and left its host
00:30.210  its instance a ends
00:30.210  volume a-root ends with its instance
00:30.210  its instance a is gone
00:30.210  instance a is gone
00:30.210  c claimed on h1, generation 1: h1 has the most room of 1 host
00:30.210  volume c-root lies on h1 with its instance
00:30.210  instance a: gone
00:30.239  c: it waits: its volume is being prepared
00:30.263  the volume is gone
00:30.263  volume a-root is gone from its host
00:30.291  the volume is ready
00:30.292  c: it is being started
00:30.837  the volume is attached
00:30.837  c: it runs with kvm
00:30.837  instance c: running
