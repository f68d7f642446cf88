# A host boots anew while a guest moves away from it. The move is over, and what was made for it on
# the other host goes, its network, too; the guest starts again where its disks are.
hosts 3 lease=default moves
run 1s
create image tiny
upload image tiny
create instance web {"image": "tiny", "flavor": "tiny"}
run 5s
quiet
migrate instance web {"host": "h2"}
until arrive 1s
reboot sender 4s
rest 5m
----
00:06.000  volume web-root is copied to h2
00:06.000  web moves from h1 to h2 while it runs: h2 has the most room of 3 hosts
00:06.000  admin asked for instance web to be moved
00:06.000  network default is needed on h2 by web
00:06.000  image tiny is brought to h2
00:06.001  the image is being brought to h2
00:06.018  the network is ready on h2
00:06.025  web: h2 prepares for it: its image is not here yet
00:07.897  the image is on h2
00:07.897  web: h2 prepares for it: its volume is being prepared
00:07.934  there is a disk for the copy on h2
00:07.934  web: h2 prepares for it
00:07.950  web: h2 is ready to receive it
00:08.250  host h1 is silent for 2600ms
00:10.001  host h1 begins epoch 2
00:10.001  volume web-root is still on h1
00:10.001  web is still on h1
00:10.001  host h1 says what it is
00:10.001  web moves no more, and stays where it is: h1 began a new epoch
00:10.001  network default is not needed on h2 any more
00:10.001  the copy of volume web-root on another host is not needed any more
00:10.001  instance web: failed: h1 began a new epoch
00:10.048  the copy on h2 is gone
00:10.048  the copy of volume web-root is gone from a host that had it
00:10.056  the volume is detached
00:10.057  web: its run is over; it is started again
00:10.071  the network is not needed on h2 and gone
00:10.071  network default is gone from a host that had it
00:13.249  web: it waits: its volume is being prepared
00:13.300  web: it is being started
00:13.481  the volume is attached
00:13.481  web: it runs with kvm
