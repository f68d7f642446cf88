# An operator says that a host is dead, and in the same moment it is back: his word is of an epoch
# that is over, and so is the wish.
hosts 4 lease=fast
seed 1
run 5s
bury h2 8200ms
bury h3 1m
bury h4 1m
run 7800ms
store slow=1000
create volume held-up {"size": "1GiB"}
run 12s
heal
rest 15m
----
00:00.000  a new datacenter has project default
00:00.000  a new datacenter has network default
00:00.000  a new datacenter has flavor tiny
00:00.000  a new datacenter has flavor small
00:00.000  a new datacenter has flavor medium
00:00.000  a new datacenter has flavor large
00:00.000  network default is number 1
00:00.000  host h4 joins
00:00.000  host h4 begins epoch 1
00:00.000  host h4 says what it is
00:00.000  host h2 joins
00:00.000  host h2 begins epoch 1
00:00.000  host h2 says what it is
00:00.001  host h1 joins
00:00.001  host h1 begins epoch 1
00:00.001  host h1 says what it is
00:00.001  host h3 joins
00:00.001  host h3 begins epoch 1
00:00.001  host h3 says what it is
00:06.000  host h3 is silent for 1s
00:06.000  host h4 is silent for 1s
00:06.000  host h2 is silent for 1s
00:07.000  admin says that host h2 is dead, and that nothing of it runs
00:07.000  admin asked for host h2 to be declared_dead
00:07.000  host h2 is down: admin says that it is dead
00:07.000  host h2: declared_dead
00:07.000  admin says that host h3 is dead, and that nothing of it runs
00:07.000  admin asked for host h3 to be declared_dead
00:07.000  host h3 is down: admin says that it is dead
00:07.000  host h3: declared_dead
00:07.000  admin says that host h4 is dead, and that nothing of it runs
00:07.000  admin asked for host h4 to be declared_dead
00:07.000  host h4 is down: admin says that it is dead
00:07.000  host h4: declared_dead
00:12.800  admin asked for it: create volume held-up
00:12.800  admin asked for volume held-up to be ready
00:12.800  volume held-up lies on h1
00:12.838  the volume is ready
00:12.838  volume held-up: ready
00:13.000  admin asked for host h2 to be declared_dead
00:13.000  admin asked for host h3 to be declared_dead
00:13.000  admin asked for host h4 to be declared_dead
00:13.200  host h2 begins epoch 2
00:13.200  host h2 says what it is
00:17.166  host h3: declared_dead
00:17.166  host h2: given up: the host is back, in a new epoch
00:17.166  host h4: declared_dead
00:24.800  everything heals
00:35.000  admin asked for host h3 to be declared_dead
00:35.000  admin asked for host h4 to be declared_dead
00:35.000  host h4: declared_dead
00:35.000  host h3: declared_dead
01:05.001  host h4 begins epoch 2
01:05.001  host h4 says what it is
01:05.001  host h3 begins epoch 2
01:05.001  host h3 says what it is
