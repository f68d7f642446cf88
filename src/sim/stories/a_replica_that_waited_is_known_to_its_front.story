# A replica finds room late, on another host than the one that carries the front. The carrier is told.
hosts 2 vcpus=8 memory=5GiB
create image tiny
upload image tiny
run 5s
update host h2 {"schedulable": false}
create app shop {"replicas": 3, "survives": "nothing", "template": {"image": "tiny", "flavor": "medium", "network": "default"}, "front": {"port": 80, "target_port": 80, "protocol": "http"}}
run 20s
quiet
update host h2 {"schedulable": true}
run 20s
stop instance shop-1
run 20s
start instance shop-1
run 20s
rest
----
00:25.000  admin asked for it: change host h2
00:25.000  admin asked for host h2 to be exists
00:25.000  shop-2 claimed on h2, generation 1: h2 has the most room of 2 hosts
00:25.000  volume shop-2-root lies on h2 with its instance
00:25.000  image tiny is brought to h2
00:25.000  network default is needed on h2 by shop-2
00:25.002  the image is being brought to h2
00:25.020  the network is ready on h2
00:25.025  shop-2: it waits: its image is not here yet
00:26.897  the image is on h2
00:26.898  shop-2: it waits: its volume is being prepared
00:26.935  the volume is ready
00:26.935  shop-2: it is being started
00:27.095  the volume is attached
00:27.095  shop-2: it runs with kvm
00:31.094  3 of 3 replicas answer
00:31.094  application shop: ready
00:45.000  admin asked for it: stop instance shop-1
00:45.000  admin asked for instance shop-1 to be stopped
00:45.035  2 of 2 replicas answer
00:46.055  the volume is detached
00:46.055  shop-1: its guest powered off
00:46.055  shop-1 is off and gives its room back
00:46.055  instance shop-1: stopped
01:05.000  admin asked for it: start instance shop-1
01:05.000  admin asked for instance shop-1 to be running
01:05.000  shop-1 claimed on h1, generation 2: h1 has the most room of 2 hosts
01:05.038  shop-1: it is being started
01:05.508  the volume is attached
01:05.508  shop-1: it runs with kvm
01:05.508  instance shop-1: running
01:09.693  3 of 3 replicas answer
