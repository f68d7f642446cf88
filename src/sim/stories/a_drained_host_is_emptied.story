# Instances with disks in a shared pool are stopped and start elsewhere; a replica is replaced first.
hosts 3 vcpus=8 memory=8GiB lease=default
create image tiny
upload image tiny
run 5s
create instance web {"image": "tiny", "flavor": "tiny", "pool": "nas"}
create instance db {"image": "tiny", "flavor": "tiny"}
create app shop {"replicas": 2, "template": {"image": "tiny", "flavor": "tiny", "network": "default"}}
run 15s
quiet
drain host h1
run 60s
rest 1m
----
00:20.000  admin asked for it: drain host h1
00:20.000  admin asked for host h1 to be drained
00:20.000  web is stopped on h1, which is drained, to start on another host
00:20.000  shop leaves a drained host; one comes before one ends: make shop-3
00:20.000  root volume of shop-3
00:20.000  network card of shop-3
00:20.000  port shop-3-port0 has 10.77.0.6 in default
00:20.000  shop-3 claimed on h2, generation 1: h2 is where the plan for this loss brings it
00:20.000  volume shop-3-root lies on h2 with its instance
00:20.044  shop-3: it waits: its volume is being prepared
00:20.093  the volume is ready
00:20.093  shop-3: it is being started
00:20.543  the volume is attached
00:20.543  shop-3: it runs with kvm
00:20.543  shop left a drained host, and what was made for it is ready: end shop-2
00:20.578  the volume is detached
00:20.579  shop-2: its run was ended
00:20.604  shop-2: nothing is left of it here
00:20.604  shop-2 ended and left its host
00:20.604  its instance shop-2 ends
00:20.604  volume shop-2-root ends with its instance
00:20.604  its instance shop-2 is gone
00:20.604  instance shop-2 is gone
00:20.632  the volume is gone
00:20.632  volume shop-2-root is gone from its host
00:21.020  the volume is detached
00:21.021  web: its guest powered off
00:21.021  web leaves h1: its host saw its end
00:21.021  web was stopped to start on another host
00:21.021  network default is not needed on h1 any more
00:21.021  h1 shall let go of volume web-root, for another host
00:21.021  web waits: h1 has not let go of volume web-root yet
00:21.021  host h1: drained
00:21.023  its host has let go of the volume
00:21.023  web claimed on h3, generation 2: h3 is where the plan for this loss brings it
00:21.023  volume web-root is in the hand of h3 with its instance
00:21.050  web: it waits: its volume is being prepared
00:21.100  web: it is being started
00:21.102  the network is not needed on h1 and gone
00:21.102  network default is gone from a host that had it
00:21.426  the volume is attached
00:21.428  web: it runs with kvm
