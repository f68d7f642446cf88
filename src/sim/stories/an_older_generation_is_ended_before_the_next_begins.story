# A host that is said to be dead lives on, and so does its instance, which may start again on that
# host alone: its disk lies there. The run that was given up is ended before the next one begins.
hosts 2 vcpus=8 memory=8GiB lease=default
create image tiny
upload image tiny
run 5s
create instance db {"image": "tiny", "flavor": "tiny"}
run 10s
quiet
cut h1 both
run 10s
declare-dead host h1
run 10s
mend h1
run 10s
rest 1m
----
00:16.750  host h1 is silent for 2600ms
00:20.394  h1 fenced itself
00:20.750  host h1 is silent for 6600ms and taken for lost
00:20.750  host h1 is down: its lease elapsed, and its host fenced itself
00:25.000  admin says that host h1 is dead, and that nothing of it runs
00:25.000  admin asked for host h1 to be declared_dead
00:25.000  host h1 is down: admin says that it is dead
00:25.000  db leaves h1: an operator said that its host is dead
00:25.000  network default is not needed on h1 any more
00:25.000  db waits: its disk lies on h1, which is down
00:25.000  host h1: declared_dead
00:36.000  host h1 begins epoch 2
00:36.000  volume db-root is still on h1
00:36.000  db claimed on h1, generation 2: h1 has the most room of 2 hosts
00:36.000  network default is needed on h1 by db
00:36.002  the network is ready on h1
00:36.054  the volume is detached
00:36.054  db: its run was ended
00:36.250  host h1 is heard again
00:36.254  the volume is attached
00:36.255  db: it runs with kvm
