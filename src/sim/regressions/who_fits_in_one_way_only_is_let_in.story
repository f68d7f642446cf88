# Twelve replicas leave 626 MiB on each host. Of what is on h1 after that, the least important is the
# largest: it fits elsewhere in one way only. By rules of thumb alone it was refused (seeds 9100017500
# and 9100031133).
hosts 3 vcpus=8 memory=1650MiB lease=default
run 100ms
create image tiny
run 50ms
upload image tiny
run 1s
create app web {"replicas": 12, "template": {"image": "tiny", "flavor": "tiny"}}
run 30s
quiet
create instance large {"image": "tiny", "flavor": "small", "pool": "nas", "priority": 34}
run 20s
rest
----
00:31.150  admin asked for it: create instance large
00:31.150  root volume of large
00:31.150  network card of large
00:31.150  admin asked for instance large to be running
00:31.150  port large-port0 has 10.77.0.14 in default
00:31.150  large claimed on h1, generation 1: h1 has the most room of 3 hosts
00:31.150  volume large-root is in the hand of h1 with its instance
00:31.177  large: it waits: its volume is being prepared
00:31.232  the volume is ready
00:31.232  large: it is being started
00:31.528  the volume is attached
00:31.529  large: it runs with kvm
00:31.529  instance large: running
