# Answers are slow when the way to the store breaks. The lease counts from when its last renewal was
# sent that was answered: the guards are done before anybody may start the instance elsewhere.
hosts 3 vcpus=8 memory=8GiB lease=fast
create image tiny
upload image tiny
run 5s
create instance web {"image": "tiny", "flavor": "tiny", "pool": "nas"}
create instance more {"image": "tiny", "flavor": "tiny", "pool": "nas"}
create instance most {"image": "tiny", "flavor": "tiny", "pool": "nas"}
run 10s
ways delay=900ms
run 5s
quiet
cut h1 up
run 20s
heal
rest 1m
----
00:21.250  host h1 is silent for 1s
00:22.201  h1 fenced itself
00:22.750  host h1 is silent for 2500ms and taken for lost
00:22.750  host h1 is down: its lease elapsed, and its host fenced itself
00:22.750  web leaves h1: its lease elapsed, and its host fenced itself
00:22.750  network default is not needed on h1 any more
00:22.750  web claimed on h3, generation 2: h3 is where the plan for this loss brings it
00:22.750  volume web-root is in the hand of h3 with its instance
00:24.135  the volume is detached
00:24.135  web: its run is over; it is started again
00:24.135  web: it is being started
00:24.135  web: it runs with kvm
00:24.670  the volume is attached
00:30.750  host h3 is silent for 900ms
00:31.000  host h3 is heard again
00:40.000  everything heals
00:42.001  host h1 begins epoch 2
00:42.073  the network is not needed on h1 and gone
00:42.073  network default is gone from a host that had it
