# Power of a host goes for good. What lies in the shared pool starts elsewhere when the lease is over
# for certain; what lies on the lost host waits for it.
hosts 3 vcpus=8 memory=8GiB lease=default
create image tiny
upload image tiny
run 5s
create instance web {"image": "tiny", "flavor": "tiny", "pool": "nas"}
run 100ms
create instance db {"image": "tiny", "flavor": "tiny"}
run 10s
quiet
lose h1
run 30s
rest 1m
----
00:15.100  h1 is lost for good
00:17.000  host h1 is silent for 2500ms
00:21.000  host h1 is silent for 6500ms and taken for lost
00:21.000  host h1 is down: its lease elapsed, and its host fenced itself
00:21.000  web leaves h1: its lease elapsed, and its host fenced itself
00:21.000  network default is not needed on h1 any more
00:21.000  web claimed on h3, generation 2: h3 is where the plan for this loss brings it
00:21.000  volume web-root is in the hand of h3 with its instance
00:21.000  image tiny is brought to h3
00:21.000  network default is needed on h3 by web
00:21.001  the image is being brought to h3
00:21.020  the volume is detached
00:21.020  web: its run is over; it is started again
00:21.022  the network is ready on h3
00:21.960  the image is on h3
00:21.960  web: it waits: its volume is being prepared
00:22.016  web: it is being started
00:22.325  the volume is attached
00:22.326  web: it runs with kvm
