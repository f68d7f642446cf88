# A host is cut off and said to be dead while it launches an instance, which is deleted meanwhile. The
# launch is done, and reported as failed: the host looks before it forgets the instance.
hosts 2 vcpus=8 memory=8GiB lease=default
create image tiny
upload image tiny
run 5s
create instance db {"image": "tiny", "flavor": "tiny"}
run 10s
quiet
crash db
run 10ms
faults h1 slow=1000 lie=1000
cut h1 both
run 8s
declare-dead host h1
run 1s
delete instance db
run 1s
mend h1
faults h1 slow=0 lie=0
run 20s
heal
rest 1m
----
00:15.001  the volume is detached
00:15.001  db: its QEMU ended on its own: signal 9; it is started again
00:16.750  host h1 is silent for 2600ms
00:20.394  h1 fenced itself
00:20.750  host h1 is silent for 6600ms and taken for lost
00:20.750  host h1 is down: its lease elapsed, and its host fenced itself
00:23.010  admin says that host h1 is dead, and that nothing of it runs
00:23.010  admin asked for host h1 to be declared_dead
00:23.010  host h1 is down: admin says that it is dead
00:23.010  db leaves h1: an operator said that its host is dead
00:23.010  network default is not needed on h1 any more
00:23.010  db waits: its disk lies on h1, which is down
00:23.010  host h1: declared_dead
00:24.010  admin asked for it: delete instance db
00:24.010  admin asked for instance db to be gone
00:24.010  its instance db ends
00:24.010  volume db-root ends with its instance
00:24.010  its instance db is gone
00:24.010  instance db is gone
00:24.010  instance db: gone
00:26.000  host h1 begins epoch 2
00:26.000  volume db-root is still on h1
00:26.250  host h1 is heard again
00:29.450  the volume is attached
00:29.482  the volume is detached
00:29.519  the volume is gone
00:29.519  volume db-root is gone from its host
00:36.948  the network is ready on h1
00:37.234  the network is not needed on h1 and gone
00:37.234  network default is gone from a host that had it
00:45.010  everything heals
