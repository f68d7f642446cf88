# The agent of a host stalls for longer than its lease. The guards do not wait for it.
hosts 3 vcpus=8 memory=8GiB lease=fast
create image tiny
upload image tiny
run 5s
create instance web {"image": "tiny", "flavor": "tiny", "pool": "nas"}
create instance more {"image": "tiny", "flavor": "tiny", "pool": "nas"}
run 10s
quiet
stall h1 30s
run 40s
rest 1m
----
00:15.750  host h1 is silent for 900ms
00:17.101  h1 fenced itself
00:17.250  host h1 is silent for 2400ms and taken for lost
00:17.250  host h1 is down: its lease elapsed, and its host fenced itself
00:17.250  web leaves h1: its lease elapsed, and its host fenced itself
00:17.250  network default is not needed on h1 any more
00:17.250  web claimed on h3, generation 2: h3 is where the plan for this loss brings it
00:17.250  volume web-root is in the hand of h3 with its instance
00:17.250  image tiny is brought to h3
00:17.250  network default is needed on h3 by web
00:17.251  the image is being brought to h3
00:17.269  the volume is detached
00:17.269  web: its run is over; it is started again
00:17.272  the network is ready on h3
00:18.208  the image is on h3
00:18.209  web: it waits: its volume is being prepared
00:18.265  web: it is being started
00:18.574  the volume is attached
00:18.575  web: it runs with kvm
00:45.001  host h1 begins epoch 2
00:45.103  the network is not needed on h1 and gone
00:45.103  network default is gone from a host that had it
