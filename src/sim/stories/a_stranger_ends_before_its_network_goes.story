# An operator says that a host is dead which is only cut off, and its instance is deleted meanwhile.
# When the host is heard again it ends what nobody knows any more; only then its network goes.
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
run 1s
delete instance db
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
00:26.000  admin asked for it: delete instance db
00:26.000  admin asked for instance db to be gone
00:26.000  its instance db ends
00:26.000  volume db-root ends with its instance
00:26.000  its instance db is gone
00:26.000  instance db is gone
00:26.000  instance db: gone
00:38.001  host h1 begins epoch 2
00:38.001  volume db-root is still on h1
00:38.053  the volume is detached
00:38.072  the volume is gone
00:38.072  the network is not needed on h1 and gone
00:38.072  network default is gone from a host that had it
00:38.072  volume db-root is gone from its host
00:38.250  host h1 is heard again
