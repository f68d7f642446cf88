# A volume is wanted back while it is being attached, and its host is drained. The host lets go of it
# when the attachment is over and undone.
hosts 2 lease=fast
create image tiny
upload image tiny
run 5s
update host h2 {"schedulable": false}
create instance web {"image": "tiny", "flavor": "tiny", "pool": "nas", "survives": "nothing"}
create volume data {"size": "1GiB", "pool": "nas"}
run 10s
update host h2 {"schedulable": true}
run 5s
quiet
faults h1 slow=1000
attach volume data {"instance": "web"}
run 100ms
detach volume data
run 100ms
drain host h1
run 30s
heal
rest 2m
----
00:20.000  admin asked for it: change volume data
00:20.000  admin asked for volume data to be attached
00:20.100  admin asked for it: change volume data
00:20.100  admin asked for volume data to be detached
00:20.100  volume data: detached
00:20.100  volume data: attached
00:20.200  admin asked for it: drain host h1
00:20.200  admin asked for host h1 to be drained
00:20.200  web is stopped on h1, which is drained, to start on another host
00:20.200  h1 shall let go of volume data, for another host
00:34.122  the volume is attached
00:37.563  the volume is detached
00:37.564  its host has let go of the volume
00:37.564  web: its guest powered off
00:37.564  volume data is in the hand of h2
00:37.564  web leaves h1: its host saw its end
00:37.564  web was stopped to start on another host
00:37.564  network default is not needed on h1 any more
00:37.564  h1 shall let go of volume web-root, for another host
00:37.564  web waits: h1 has not let go of volume web-root yet
00:37.564  host h1: drained
00:37.567  its host has let go of the volume
00:37.567  web claimed on h2, generation 2: h2 has the most room of 2 hosts
00:37.567  volume web-root is in the hand of h2 with its instance
00:37.567  network default is needed on h2 by web
00:37.592  the network is ready on h2
00:37.605  web: it waits: its volume is being prepared
00:37.622  web: it is being started
00:37.888  the volume is attached
00:37.889  web: it runs with kvm
00:50.200  everything heals
00:52.212  the network is not needed on h1 and gone
00:52.212  network default is gone from a host that had it
