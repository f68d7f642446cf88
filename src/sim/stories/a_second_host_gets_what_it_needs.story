# Two replicas go to two hosts. The image is brought to the other one, the network stands on both,
# and one of them carries the front. Then that one takes no more instances: the front moves. (It
# may, because the replicas need not survive the loss of a host.)
hosts 2
run 100ms
create image tiny
run 50ms
upload image tiny
run 10s
quiet
create app web {"replicas": 2, "template": {"image": "tiny", "flavor": "tiny", "network": "default"}, "front": {"port": 80, "target_port": 80, "protocol": "http"}, "survives": "nothing"}
run 20s
update host h1 {"schedulable": false}
run 10s
update host h2 {"schedulable": false}
update host h1 {"schedulable": true}
run 10s
rest
----
00:10.150  admin asked for it: create app web
00:10.150  admin asked for app web to be ready
00:10.150  web answers at 100.96.0.1:80
00:10.150  web wants 2 replicas: make web-1
00:10.150  root volume of web-1
00:10.150  network card of web-1
00:10.150  web wants 2 replicas: make web-2
00:10.150  root volume of web-2
00:10.150  network card of web-2
00:10.150  port web-1-port0 has 10.77.0.2 in default
00:10.150  port web-2-port0 has 10.77.0.3 in default
00:10.150  web-1 claimed on h1, generation 1: h1 has the most room of 2 hosts
00:10.150  volume web-1-root lies on h1 with its instance
00:10.150  network default is needed on h1 by web-1
00:10.150  web-2 claimed on h2, generation 1: h2 has the most room of 2 hosts
00:10.150  volume web-2-root lies on h2 with its instance
00:10.150  image tiny is brought to h2
00:10.150  network default is needed on h2 by web-2
00:10.150  h1 carries the front of web
00:10.151  the image is being brought to h2
00:10.168  the network is ready on h2
00:10.174  web-2: it waits: its image is not here yet
00:10.185  the network is ready on h1
00:10.190  web-1: it waits: its volume is being prepared
00:10.207  0 of 2 replicas answer
00:10.239  the volume is ready
00:10.241  web-1: it is being started
00:10.577  the volume is attached
00:10.577  web-1: it runs with kvm
00:12.047  the image is on h2
00:12.047  web-2: it waits: its volume is being prepared
00:12.084  the volume is ready
00:12.084  web-2: it is being started
00:12.243  the volume is attached
00:12.244  web-2: it runs with kvm
00:14.617  1 of 2 replicas answer
00:16.414  2 of 2 replicas answer
00:16.414  application web: ready
00:30.150  admin asked for it: change host h1
00:30.150  admin asked for host h1 to be exists
00:30.150  h2 carries the front of web
00:30.193  2 of 2 replicas answer
00:30.206  the front is gone from h1
00:30.206  web's front is gone from a host that had it
00:40.150  admin asked for it: change host h2
00:40.150  admin asked for host h2 to be exists
00:40.150  admin asked for it: change host h1
00:40.150  admin asked for host h1 to be exists
00:40.150  h1 carries the front of web
00:40.174  2 of 2 replicas answer
00:40.201  the front is gone from h2
00:40.201  web's front is gone from a host that had it
