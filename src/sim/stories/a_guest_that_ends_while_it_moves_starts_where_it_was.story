# The QEMU of a guest that is being sent ends on its own: the move is over, and it starts again
# where its disks are.
hosts 2 moves
create image tiny
upload image tiny
run 5s
create instance web {"image": "tiny", "flavor": "tiny"}
run 10s
quiet
migrate instance web
run 2300ms
crash web
run 20s
rest 1m
----
00:15.000  volume web-root is copied to h2
00:15.000  web moves from h1 to h2 while it runs: h2 has the most room of 2 hosts
00:15.000  admin asked for instance web to be moved
00:15.000  network default is needed on h2 by web
00:15.000  image tiny is brought to h2
00:15.001  the image is being brought to h2
00:15.018  the network is ready on h2
00:15.023  web: h2 prepares for it: its image is not here yet
00:16.896  the image is on h2
00:16.897  web: h2 prepares for it: its volume is being prepared
00:16.933  there is a disk for the copy on h2
00:16.933  web: h2 prepares for it
00:16.949  web: h2 is ready to receive it
00:16.985  web: 128 of 128 MiB of it are left to send
00:17.196  web: 96 of 128 MiB of it are left to send
00:17.300  the volume is detached
00:17.300  web: its QEMU ended on its own: signal 9; it is started again
00:17.300  web moves no more, and stays where it is: its run ended
00:17.300  network default is not needed on h2 any more
00:17.300  the copy of volume web-root on another host is not needed any more
00:17.300  instance web: failed: its run ended
00:17.344  web: it goes on where it was
00:17.348  the copy on h2 is gone
00:17.348  the copy of volume web-root is gone from a host that had it
00:17.372  the network is not needed on h2 and gone
00:17.372  network default is gone from a host that had it
00:17.731  the volume is attached
00:17.732  web: it runs with kvm
