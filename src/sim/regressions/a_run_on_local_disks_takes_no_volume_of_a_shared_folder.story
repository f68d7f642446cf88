# A volume of a shared folder would make a run on local disks one that an elapsed lease seems to end, while it goes on.
# It comes to the instance when that is off.
hosts 2 lease=fast
create image tiny
upload image tiny
run 5s
create instance web {"image": "tiny", "flavor": "tiny"}
run 10s
quiet
create volume data {"size": "1GiB", "pool": "nas", "instance": "web"}
run 1s
create volume data {"size": "1GiB", "pool": "nas"}
run 5s
attach volume data {"instance": "web"}
run 1s
stop instance web
run 30s
attach volume data {"instance": "web"}
start instance web
run 20s
rest 1m
----
00:15.000  create volume data: refused: instance 'web' has its disks on one host and goes on when that is cut off; with a volume of pool 'nas' it would be ended then; stop it first; it can be started again with the volume
00:16.000  admin asked for it: create volume data
00:16.000  admin asked for volume data to be ready
00:16.000  volume data is in the hand of h2
00:16.020  the volume is ready
00:16.020  volume data: ready
00:21.000  attach volume data: refused: volume 'data' lies on another host than instance 'web'; make the volume with 'instance' given: then it lies where the instance is
00:22.000  admin asked for it: stop instance web
00:22.000  admin asked for instance web to be stopped
00:23.036  the volume is detached
00:23.036  web: its guest powered off
00:23.036  web is off and gives its room back
00:23.036  network default is not needed on h1 any more
00:23.036  instance web: stopped
00:23.141  the network is not needed on h1 and gone
00:23.141  network default is gone from a host that had it
00:52.000  admin asked for it: change volume data
00:52.000  admin asked for volume data to be attached
00:52.000  volume data: attached
00:52.000  admin asked for it: start instance web
00:52.000  admin asked for instance web to be running
00:52.000  h2 shall let go of volume data, for another host
00:52.000  web waits: h2 has not let go of volume data yet
00:52.000  its host has let go of the volume
00:52.000  web claimed on h1, generation 2: h1 has the most room of 2 hosts
00:52.000  volume data is in the hand of h1 with its instance
00:52.000  network default is needed on h1 by web
00:52.021  the network is ready on h1
00:52.021  web: it waits: its volume is being prepared
00:52.053  web: it is being started
00:52.323  the volume is attached
00:52.323  the volume is attached
00:52.323  web: it runs with kvm
00:52.323  instance web: running
