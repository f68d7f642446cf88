# The host that a guest moves from is lost: the guest waits for it, as it would have without, and
# nothing stays where it should have come.
hosts 3 lease=default moves
create image tiny
upload image tiny
run 5s
create instance web {"image": "tiny", "flavor": "tiny"}
run 10s
quiet
migrate instance web {"host": "h2"}
run 800ms
bury h1 30s
run 60s
rest 15m
----
00:15.000  volume web-root is copied to h2
00:15.000  web moves from h1 to h2 while it runs: h2 has the most room of 3 hosts
00:15.000  admin asked for instance web to be moved
00:15.000  network default is needed on h2 by web
00:15.018  the network is ready on h2
00:15.023  web: h2 prepares for it: its volume is being prepared
00:15.061  there is a disk for the copy on h2
00:15.061  web: h2 prepares for it
00:15.077  web: h2 is ready to receive it
00:15.113  web: 128 of 128 MiB of it are left to send
00:15.325  web: 96 of 128 MiB of it are left to send
00:15.520  web: 80 of 128 MiB of it are left to send
00:15.699  web: 64 of 128 MiB of it are left to send
00:15.801  web: h2 cannot receive it: its QEMU ended: a daemon ended
00:15.801  web moves no more, and stays where it is: h2 could not receive it: its QEMU ended: a daemon ended
00:15.801  network default is not needed on h2 any more
00:15.801  the copy of volume web-root on another host is not needed any more
00:15.801  instance web: failed: h2 could not receive it: its QEMU ended: a daemon ended
00:15.841  the network is not needed on h2 and gone
00:15.841  network default is gone from a host that had it
00:15.842  the copy on h2 is gone
00:15.842  the copy of volume web-root is gone from a host that had it
00:17.800  declare-dead host h1: refused: host 'h1' is up: it was heard a moment ago; power it off first, or empty it with `vdc host drain h1`
00:18.250  host h1 is silent for 2700ms
00:22.000  host h1 is silent for 6400ms and taken for lost
00:22.000  host h1 is down: its lease elapsed, and its host fenced itself
00:23.800  admin says that host h1 is dead, and that nothing of it runs
00:23.800  admin asked for host h1 to be declared_dead
00:23.800  host h1 is down: admin says that it is dead
00:23.800  web leaves h1: an operator said that its host is dead
00:23.800  network default is not needed on h1 any more
00:23.800  web waits: its disk lies on h1, which is down
00:23.800  host h1: declared_dead
00:45.800  host h1 begins epoch 2
00:45.800  volume web-root is still on h1
00:45.800  host h1 says what it is
00:45.800  web claimed on h1, generation 3: h1 has the most room of 3 hosts
00:45.800  network default is needed on h1 by web
00:45.818  the volume is detached
00:45.819  web: its run is over; it is started again
00:45.825  the network is ready on h1
00:47.150  web: it waits: its volume is being prepared
00:47.196  web: it is being started
00:47.530  the volume is attached
00:47.530  web: it runs with kvm
