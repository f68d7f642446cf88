# A host is lost for good. The replicas that were on it are made anew elsewhere once an operator says
# that it is dead; their front sends to the new ones.
hosts 3 vcpus=8 memory=8GiB lease=default
create image tiny
upload image tiny
run 5s
create app shop {"replicas": 3, "template": {"image": "tiny", "flavor": "tiny", "network": "default"}, "front": {"port": 80, "target_port": 80, "protocol": "http"}}
run 20s
quiet
lose h2
run 20s
declare-dead host h2
run 40s
rest 1m
----
00:25.000  h2 is lost for good
00:25.667  2 of 3 replicas answer
00:27.000  host h2 is silent for 2600ms
00:30.750  host h2 is silent for 6400ms and taken for lost
00:30.750  host h2 is down: its lease elapsed, and its host fenced itself
00:30.750  shop-1 is given up with h2, which is down: another one is made
00:30.750  shop wants 3 replicas: make shop-4
00:30.750  root volume of shop-4
00:30.750  network card of shop-4
00:30.750  port shop-4-port0 has 10.77.0.5 in default
00:30.750  shop-4 claimed on h1, generation 1: h1 is where the plan for this loss brings it
00:30.750  volume shop-4-root lies on h1 with its instance
00:30.800  shop-4: it waits: its volume is being prepared
00:30.823  the volume is ready
00:30.824  shop-4: it is being started
00:30.974  the volume is attached
00:30.974  shop-4: it runs with kvm
00:35.067  3 of 3 replicas answer
00:45.000  admin says that host h2 is dead, and that nothing of it runs
00:45.000  admin asked for host h2 to be declared_dead
00:45.000  host h2 is down: admin says that it is dead
00:45.000  shop-1 ended and left its host
00:45.000  network default is not needed on h2 any more
00:45.000  its instance shop-1 ends
00:45.000  volume shop-1-root ends with its instance
00:45.000  its instance shop-1 is gone
00:45.000  instance shop-1 is gone
00:45.000  host h2: declared_dead
