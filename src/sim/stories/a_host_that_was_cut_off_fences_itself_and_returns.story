# A host is cut off, and lives on. Its guards end what fences itself before anybody may start it
# elsewhere; what rides through goes on, and is found again when the cut is mended.
hosts 3 vcpus=8 memory=8GiB lease=default
create image tiny
upload image tiny
run 5s
create instance web {"image": "tiny", "flavor": "tiny", "pool": "nas"}
create instance db {"image": "tiny", "flavor": "tiny"}
create instance more {"image": "tiny", "flavor": "tiny", "pool": "nas"}
run 10s
quiet
cut h1 both
run 20s
mend h1
run 10s
rest 1m
----
00:17.000  host h1 is silent for 2500ms
00:20.415  h1 fenced itself
00:21.000  host h1 is silent for 6500ms and taken for lost
00:21.000  host h1 is down: its lease elapsed, and its host fenced itself
00:21.000  web leaves h1: its lease elapsed, and its host fenced itself
00:21.000  network default is not needed on h1 any more
00:21.000  web claimed on h3, generation 2: h3 is where the plan for this loss brings it
00:21.000  volume web-root is in the hand of h3 with its instance
00:21.040  the volume is detached
00:21.040  web: its run is over; it is started again
00:21.099  web: it is being started
00:21.333  the volume is attached
00:21.333  web: it runs with kvm
00:36.000  host h1 begins epoch 2
00:36.785  the network is not needed on h1 and gone
00:36.785  network default is gone from a host that had it
