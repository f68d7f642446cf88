# Two of three hosts are cut off at once: it is rather the way to them that is lost. Their guards end
# what fences itself, but the leader takes nobody for dead, and all goes on where it was.
hosts 3 vcpus=8 memory=8GiB lease=default
create image tiny
upload image tiny
run 5s
create instance web {"image": "tiny", "flavor": "tiny", "pool": "nas"}
create instance db {"image": "tiny", "flavor": "tiny"}
run 10s
quiet
cut h1 both
cut h2 both
run 60s
mend h1
mend h2
run 10s
rest 1m
----
00:17.000  host h1 is silent for 2500ms
00:17.000  host h2 is silent for 2500ms
00:20.417  h1 fenced itself
00:20.702  h2 fenced itself
00:21.000  host h1 is silent for 6500ms and taken for lost; less than half of all hosts are heard: nothing is fenced now
00:21.000  host h2 is silent for 6500ms and taken for lost; less than half of all hosts are heard: nothing is fenced now
01:16.000  host h1 begins epoch 2
01:16.000  volume web-root is still on h1
01:16.000  web leaves h1: its lease elapsed, and its host fenced itself
01:16.000  network default is not needed on h1 any more
01:16.000  web claimed on h1, generation 2: h1 has the most room of 3 hosts
01:16.000  network default is needed on h1 by web
01:16.001  host h2 begins epoch 2
01:16.001  volume db-root is still on h2
01:16.001  db is still on h2
01:16.529  the volume is detached
01:16.530  web: its run was ended
01:16.866  the volume is detached
01:16.867  web: it waits: the host holds no lease
01:16.867  the volume is detached
01:16.867  web: it waits: the host holds no lease
01:16.867  the volume is detached
01:16.867  web: it waits: the host holds no lease
01:16.867  the volume is detached
01:16.867  web: it waits: the host holds no lease
01:16.867  the volume is detached
01:16.867  web: it waits: the host holds no lease
01:16.867  the volume is detached
01:16.867  web: it waits: the host holds no lease
01:16.867  the volume is detached
01:16.867  web: it waits: the host holds no lease
01:16.867  the network is ready on h1
01:22.468  web: it waits: the host holds no lease
01:22.934  the volume is attached
01:22.934  web: it runs with kvm
