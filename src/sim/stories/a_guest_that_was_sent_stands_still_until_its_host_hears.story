# Its host hears nothing from the moment on at which it sends. The guest is handed over all the
# same, for its host is heard; and when that hears again, it ends what stands still there.
hosts 2 moves
create image tiny
upload image tiny
run 5s
create instance web {"image": "tiny", "flavor": "tiny"}
run 10s
quiet
migrate instance web
run 2300ms
cut h1 down
run 30s
mend h1
run 10s
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
00:17.391  web: 80 of 128 MiB of it are left to send
00:17.569  web: 64 of 128 MiB of it are left to send
00:17.791  web: 48 of 128 MiB of it are left to send
00:17.986  web: 32 of 128 MiB of it are left to send
00:18.172  web: 16 of 128 MiB of it are left to send
00:18.378  web: 0 of 128 MiB of it are left to send
00:18.601  web: all of it has arrived on h2
00:18.601  web: all of it is sent, and it stands still
00:18.601  web is handed over to h2, generation 2: it stands still, and all of it has arrived
00:18.601  volume web-root lies on h2 with its instance
00:18.601  network default is not needed on h1 any more
00:18.649  web: it goes on where it came to
00:18.649  instance web: moved
00:48.003  there is a disk for the copy on h1
00:48.054  the copy on h1 is gone
00:48.054  the copy of volume web-root is gone from a host that had it
00:48.081  the network is not needed on h1 and gone
00:48.081  network default is gone from a host that had it
