# A drain that is taken back: what moves for it stays, and nothing of it is left elsewhere.
hosts 2 moves
create image tiny
upload image tiny
run 5s
create instance web {"image": "tiny", "flavor": "tiny"}
run 10s
quiet
drain host h1
run 2300ms
undrain host h1
run 20s
rest 1m
----
00:15.000  admin asked for it: drain host h1
00:15.000  admin asked for host h1 to be drained
00:15.000  volume web-root is copied to h2
00:15.000  web moves from h1 to h2 while it runs: h2 has the most room of 2 hosts
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
00:17.300  admin asked for it: end the drain of host h1
00:17.300  admin asked for host h1 to be exists
00:17.300  host h1: given up: the drain was ended
00:17.300  web moves no more, and stays where it is: h1 is drained no more
00:17.300  network default is not needed on h2 any more
00:17.300  the copy of volume web-root on another host is not needed any more
00:17.343  web: it cannot be sent: the sender gave it up
00:17.343  web: it goes on where it was
00:17.348  the copy on h2 is gone
00:17.348  the copy of volume web-root is gone from a host that had it
00:17.370  the network is not needed on h2 and gone
00:17.370  network default is gone from a host that had it
