# A drained host: what has its disks there moves while it runs, what has them in a shared pool is
# stopped and starts elsewhere, and a replica is replaced.
hosts 3 lease=default moves
create image tiny
upload image tiny
run 5s
create instance web {"image": "tiny", "flavor": "tiny"}
create instance db {"image": "tiny", "flavor": "tiny", "pool": "nas"}
create app shop {"replicas": 3, "template": {"image": "tiny", "flavor": "tiny", "network": "default"}}
run 15s
quiet
drain host h1
run 60s
rest 1m
----
00:20.000  admin asked for it: drain host h1
00:20.000  admin asked for host h1 to be drained
00:20.000  volume web-root is copied to h3
00:20.000  web moves from h1 to h3 while it runs: h3 has the most room of 3 hosts
00:20.000  shop leaves a drained host; one comes before one ends: make shop-4
00:20.000  root volume of shop-4
00:20.000  network card of shop-4
00:20.000  port shop-4-port0 has 10.77.0.7 in default
00:20.000  shop-4 claimed on h2, generation 1: h2 is where the plan for this loss brings it
00:20.000  volume shop-4-root lies on h2 with its instance
00:20.040  web: h3 prepares for it: its volume is being prepared
00:20.058  shop-4: it waits: its volume is being prepared
00:20.075  the volume is ready
00:20.076  shop-4: it is being started
00:20.096  there is a disk for the copy on h3
00:20.096  web: h3 prepares for it
00:20.120  web: h3 is ready to receive it
00:20.142  web: 128 of 128 MiB of it are left to send
00:20.360  web: 48 of 128 MiB of it are left to send
00:20.542  web: 32 of 128 MiB of it are left to send
00:20.596  the volume is attached
00:20.596  shop-4: it runs with kvm
00:20.596  shop left a drained host, and what was made for it is ready: end shop-1
00:20.622  the volume is detached
00:20.622  shop-1: its run was ended
00:20.649  shop-1: nothing is left of it here
00:20.649  shop-1 ended and left its host
00:20.649  its instance shop-1 ends
00:20.649  volume shop-1-root ends with its instance
00:20.649  its instance shop-1 is gone
00:20.649  instance shop-1 is gone
00:20.706  the volume is gone
00:20.706  volume shop-1-root is gone from its host
00:20.778  web: 16 of 128 MiB of it are left to send
00:20.978  web: 0 of 128 MiB of it are left to send
00:21.142  web: all of it has arrived on h3
00:21.142  web: all of it is sent, and it stands still
00:21.142  web is handed over to h3, generation 2: it stands still, and all of it has arrived
00:21.142  volume web-root lies on h3 with its instance
00:21.142  network default is not needed on h1 any more
00:21.142  host h1: drained
00:21.145  there is a disk for the copy on h1
00:21.196  web: it goes on where it came to
00:21.207  the network is not needed on h1 and gone
00:21.207  network default is gone from a host that had it
00:21.231  the copy on h1 is gone
00:21.231  the copy of volume web-root is gone from a host that had it
