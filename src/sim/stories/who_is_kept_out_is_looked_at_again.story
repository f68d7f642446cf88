# Who is kept out so that the loss of a host can be covered is let in when others need no cover any
# more, though no room became free.
hosts 2 vcpus=8 memory=5GiB lease=fast
create image tiny
upload image tiny
run 5s
update host h1 {"schedulable": false}
update host h2 {"schedulable": false}
create instance a {"image": "tiny", "flavor": "medium", "pool": "nas"}
create instance b {"image": "tiny", "flavor": "medium", "pool": "nas"}
create instance c {"image": "tiny", "flavor": "medium", "pool": "nas", "survives": "nothing", "priority": 10}
run 1s
quiet
update host h1 {"schedulable": true}
update host h2 {"schedulable": true}
run 20s
update instance a {"survives": "nothing"}
run 20s
rest 1m
----
00:06.000  admin asked for it: change host h1
00:06.000  admin asked for host h1 to be exists
00:06.000  admin asked for it: change host h2
00:06.000  admin asked for host h2 to be exists
00:06.000  b claimed on h1, generation 1: h1 has the most room of 2 hosts
00:06.000  volume b-root is in the hand of h1 with its instance
00:06.000  image tiny is brought to h1
00:06.000  network default is needed on h1 by b
00:06.000  a claimed on h2, generation 1: h2 has the most room of 2 hosts
00:06.000  volume a-root is in the hand of h2 with its instance
00:06.000  network default is needed on h2 by a
00:06.000  c waits: the loss of host h2 could not be covered: a (2GiB) would have no place; it fits with 1536MiB of memory more on h1, or with 'survives' nothing for a
00:06.001  the image is being brought to h1
00:06.019  the network is ready on h2
00:06.023  a: it waits: its volume is being prepared
00:06.034  the network is ready on h1
00:06.040  b: it waits: its image is not here yet
00:06.061  the volume is ready
00:06.061  a: it is being started
00:06.220  the volume is attached
00:06.220  a: it runs with kvm
00:06.220  instance a: running
00:06.914  the image is on h1
00:06.915  b: it waits: its volume is being prepared
00:06.938  the volume is ready
00:06.938  b: it is being started
00:07.432  the volume is attached
00:07.432  b: it runs with kvm
00:07.432  instance b: running
00:26.000  admin asked for it: change instance a
00:26.000  admin asked for instance a to be exists
00:26.000  c claimed on h1, generation 1: h1 has the most room of 2 hosts
00:26.000  volume c-root is in the hand of h1 with its instance
00:26.055  c: it waits: its volume is being prepared
00:26.073  the volume is ready
00:26.074  c: it waits: its network is being prepared
00:26.085  c: it is being started
00:26.269  the volume is attached
00:26.270  c: it runs with kvm
00:26.270  instance c: running
