# An instance that is off has its root on one host and a volume of a shared pool in another one's
# hand. A local volume of that other host is not for it: its root would have been given up, to be
# made anew beside the volume.
hosts 2 lease=fast
create image tiny
upload image tiny
run 5s
update host h2 {"schedulable": false}
create instance mail {"image": "tiny", "flavor": "tiny"}
run 10s
stop instance mail
run 10s
update host h1 {"schedulable": false}
update host h2 {"schedulable": true}
create volume shared-1 {"size": "1GiB", "pool": "nas"}
create volume shared-2 {"size": "1GiB", "pool": "nas"}
create volume shared-3 {"size": "1GiB", "pool": "nas"}
create volume data {"size": "1GiB"}
run 5s
update host h1 {"schedulable": true}
quiet
attach volume shared-1 {"instance": "mail"}
attach volume shared-2 {"instance": "mail"}
attach volume shared-3 {"instance": "mail"}
attach volume data {"instance": "mail"}
start instance mail
run 20s
rest 1m
----
00:30.000  attach volume data: refused: volume 'data' lies on another host than instance 'mail'; make the volume with 'instance' given: then it lies where the instance is
00:30.000  admin asked for it: change host h1
00:30.000  admin asked for host h1 to be exists
00:30.000  admin asked for it: change volume shared-1
00:30.000  admin asked for volume shared-1 to be attached
00:30.000  volume shared-1: attached
00:30.000  admin asked for it: change volume shared-2
00:30.000  admin asked for volume shared-2 to be attached
00:30.000  volume shared-2: attached
00:30.000  admin asked for it: change volume shared-3
00:30.000  admin asked for volume shared-3 to be attached
00:30.000  volume shared-3: attached
00:30.000  admin asked for it: start instance mail
00:30.000  admin asked for instance mail to be running
00:30.000  h2 shall let go of volume shared-2, for another host
00:30.000  h2 shall let go of volume shared-3, for another host
00:30.000  h2 shall let go of volume shared-1, for another host
00:30.000  mail waits: h2 has not let go of volume shared-1 yet
00:30.001  its host has let go of the volume
00:30.001  its host has let go of the volume
00:30.001  its host has let go of the volume
00:30.001  mail claimed on h1, generation 2: h1 has the most room of 2 hosts
00:30.001  volume shared-2 is in the hand of h1 with its instance
00:30.001  volume shared-3 is in the hand of h1 with its instance
00:30.001  volume shared-1 is in the hand of h1 with its instance
00:30.001  network default is needed on h1 by mail
00:30.022  the network is ready on h1
00:30.023  mail: it waits: its volume is being prepared
00:30.057  mail: it is being started
00:30.289  the volume is attached
00:30.289  the volume is attached
00:30.290  the volume is attached
00:30.290  the volume is attached
00:30.290  mail: it runs with kvm
00:30.290  instance mail: running
