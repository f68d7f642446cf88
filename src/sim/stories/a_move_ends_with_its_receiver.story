# The host that a guest moves to is lost: the guest goes on where it is, and moves elsewhere when
# somebody asks again.
seed 5
hosts 3 lease=default moves
create image tiny
upload image tiny
run 5s
create instance web {"image": "tiny", "flavor": "tiny"}
run 10s
quiet
migrate instance web {"host": "h2"}
run 800ms
bury h2 30s
run 60s
migrate instance web {"host": "h3"}
run 20s
rest 15m
----
00:15.000  volume web-root is copied to h2
00:15.000  web moves from h1 to h2 while it runs: h2 has the most room of 3 hosts
00:15.000  admin asked for instance web to be moved
00:15.000  network default is needed on h2 by web
00:15.029  web: h2 prepares for it: its volume is being prepared
00:15.052  the network is ready on h2
00:15.061  there is a disk for the copy on h2
00:15.062  web: h2 prepares for it
00:15.077  web: h2 is ready to receive it
00:15.108  web: 128 of 128 MiB of it are left to send
00:15.321  web: 96 of 128 MiB of it are left to send
00:15.539  web: 80 of 128 MiB of it are left to send
00:15.706  web: 64 of 128 MiB of it are left to send
00:15.939  web: it cannot be sent: h2 awaits it no more
00:15.939  web moves no more, and stays where it is: it could not be sent: h2 awaits it no more
00:15.939  network default is not needed on h2 any more
00:15.939  the copy of volume web-root on another host is not needed any more
00:15.939  instance web: failed: it could not be sent: h2 awaits it no more
00:15.955  web: it goes on where it was
00:17.800  declare-dead host h2: refused: host 'h2' is up: it was heard a moment ago; power it off first, or empty it with `vdc host drain h2`
00:18.250  host h2 is silent for 2700ms
00:22.000  host h2 is silent for 6400ms and taken for lost
00:22.000  host h2 is down: its lease elapsed, and its host fenced itself
00:23.800  admin says that host h2 is dead, and that nothing of it runs
00:23.800  admin asked for host h2 to be declared_dead
00:23.800  host h2 is down: admin says that it is dead
00:23.800  host h2: declared_dead
00:45.801  host h2 begins epoch 2
00:45.801  host h2 says what it is
00:45.839  the network is not needed on h2 and gone
00:45.839  network default is gone from a host that had it
00:45.848  the copy on h2 is gone
00:45.848  the copy of volume web-root is gone from a host that had it
01:15.800  volume web-root is copied to h3
01:15.800  web moves from h1 to h3 while it runs: h3 has the most room of 3 hosts
01:15.800  admin asked for instance web to be moved
01:15.800  network default is needed on h3 by web
01:15.800  image tiny is brought to h3
01:15.801  the image is being brought to h3
01:15.837  web: h3 prepares for it: its image is not here yet
01:15.852  the network is ready on h3
01:17.466  the image is on h3
01:17.466  web: h3 prepares for it: its volume is being prepared
01:17.493  there is a disk for the copy on h3
01:17.494  web: h3 prepares for it
01:17.509  web: h3 is ready to receive it
01:17.543  web: 128 of 128 MiB of it are left to send
01:17.733  web: 32 of 128 MiB of it are left to send
01:17.948  web: 16 of 128 MiB of it are left to send
01:18.162  web: 0 of 128 MiB of it are left to send
01:18.345  web: all of it is sent, and it stands still
01:18.346  web: all of it has arrived on h3
01:18.346  web is handed over to h3, generation 3: it stands still, and all of it has arrived
01:18.346  volume web-root lies on h3 with its instance
01:18.346  network default is not needed on h1 any more
01:18.348  there is a disk for the copy on h1
01:18.430  the network is not needed on h1 and gone
01:18.430  network default is gone from a host that had it
01:18.445  the copy on h1 is gone
01:18.445  the copy of volume web-root is gone from a host that had it
01:18.456  web: it goes on where it came to
01:18.456  instance web: moved
