# Who stops an instance that moves ends the move first: its guest hears the button where it is.
hosts 2 moves
create image tiny
upload image tiny
run 5s
create instance web {"image": "tiny", "flavor": "tiny"}
run 10s
quiet
migrate instance web
run 2300ms
stop instance web
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
00:17.300  admin asked for it: stop instance web
00:17.300  admin asked for instance web to be stopped
00:17.300  web moves no more, and stays where it is: it is to be off
00:17.300  network default is not needed on h2 any more
00:17.300  the copy of volume web-root on another host is not needed any more
00:17.300  instance web: failed: it is to be off
00:17.343  web: it cannot be sent: the sender gave it up
00:17.343  web: it goes on where it was
00:17.348  the copy on h2 is gone
00:17.348  the copy of volume web-root is gone from a host that had it
00:17.370  the network is not needed on h2 and gone
00:17.370  network default is gone from a host that had it
00:18.381  the volume is detached
00:18.382  web: its guest powered off
00:18.382  web is off and gives its room back
00:18.382  network default is not needed on h1 any more
00:18.382  instance web: stopped
00:18.456  the network is not needed on h1 and gone
00:18.456  network default is gone from a host that had it
