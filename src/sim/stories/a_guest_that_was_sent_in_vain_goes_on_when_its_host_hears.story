# Its host is heard no more when all is sent. The move is given up in its time; the guest stands
# still until its host hears that, and then goes on where it was.
hosts 2 lease=default moves
create image tiny
upload image tiny
run 5s
create instance web {"image": "tiny", "flavor": "tiny"}
run 10s
quiet
migrate instance web
run 500ms
cut h1 up
run 30s
mend h1
run 10s
rest 15m
----
00:15.000  volume web-root is copied to h2
00:15.000  web moves from h1 to h2 while it runs: h2 has the most room of 2 hosts
00:15.000  admin asked for instance web to be moved
00:15.000  network default is needed on h2 by web
00:15.020  the network is ready on h2
00:15.025  web: h2 prepares for it: its volume is being prepared
00:15.062  there is a disk for the copy on h2
00:15.062  web: h2 prepares for it
00:15.077  web: h2 is ready to receive it
00:15.114  web: 128 of 128 MiB of it are left to send
00:15.327  web: 96 of 128 MiB of it are left to send
00:16.732  web: all of it has arrived on h2
00:17.750  host h1 is silent for 2600ms
00:21.394  h1 fenced itself
00:21.500  host h1 is silent for 6300ms and taken for lost
00:21.500  host h1 is down: its lease elapsed, and its host fenced itself
00:21.500  web moves no more, and stays where it is: h1 is down
00:21.500  network default is not needed on h2 any more
00:21.500  the copy of volume web-root on another host is not needed any more
00:21.500  instance web: failed: h1 is down
00:21.547  the copy on h2 is gone
00:21.547  the copy of volume web-root is gone from a host that had it
00:21.569  the network is not needed on h2 and gone
00:21.569  network default is gone from a host that had it
00:45.581  web: 80 of 128 MiB of it are left to send
00:45.758  web: 64 of 128 MiB of it are left to send
00:45.982  web: 48 of 128 MiB of it are left to send
00:46.000  host h1 begins epoch 2
00:46.000  volume web-root is still on h1
00:46.000  web is still on h1
00:46.174  web: 32 of 128 MiB of it are left to send
00:46.361  web: 16 of 128 MiB of it are left to send
00:46.567  web: 0 of 128 MiB of it are left to send
00:46.790  web: all of it is sent, and it stands still
00:46.793  web: all of it is sent, and it stands still
00:46.793  web: all of it is sent, and it stands still
00:46.793  web: it goes on where it was
