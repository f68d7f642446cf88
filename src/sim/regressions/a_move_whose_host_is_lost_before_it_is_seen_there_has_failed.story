# A guest is handed over, and the host that it came to is lost before it says that it runs there. The
# request to move it has an end, though nobody starts it again.
hosts 3 lease=default moves
run 1s
create image tiny
upload image tiny
create instance web {"image": "tiny", "flavor": "tiny"}
run 5s
quiet
migrate instance web {"host": "h2"}
until handed 10s
bury receiver 60s
run 40s
stop instance web
rest 15m
----
00:06.000  volume web-root is copied to h2
00:06.000  web moves from h1 to h2 while it runs: h2 has the most room of 3 hosts
00:06.000  admin asked for instance web to be moved
00:06.000  network default is needed on h2 by web
00:06.000  image tiny is brought to h2
00:06.002  the image is being brought to h2
00:06.018  the network is ready on h2
00:06.025  web: h2 prepares for it: its image is not here yet
00:07.898  the image is on h2
00:07.898  web: h2 prepares for it: its volume is being prepared
00:07.934  there is a disk for the copy on h2
00:07.934  web: h2 prepares for it
00:07.950  web: h2 is ready to receive it
00:08.002  web: 128 of 128 MiB of it are left to send
00:08.174  web: 48 of 128 MiB of it are left to send
00:08.386  web: 32 of 128 MiB of it are left to send
00:08.571  web: 16 of 128 MiB of it are left to send
00:08.797  web: 0 of 128 MiB of it are left to send
00:08.991  web: all of it has arrived on h2
00:08.991  web: all of it is sent, and it stands still
00:08.991  web is handed over to h2, generation 2: it stands still, and all of it has arrived
00:08.991  volume web-root lies on h2 with its instance
00:08.991  network default is not needed on h1 any more
00:08.991  there is a disk for the copy on h1
00:09.033  the copy on h1 is gone
00:09.033  the copy of volume web-root is gone from a host that had it
00:09.049  the network is not needed on h1 and gone
00:09.049  network default is gone from a host that had it
00:10.991  declare-dead host h2: refused: host 'h2' is up: it was heard a moment ago; power it off first, or empty it with `vdc host drain h2`
00:11.500  host h2 is silent for 2500ms
00:15.500  host h2 is silent for 6500ms and taken for lost
00:15.500  host h2 is down: its lease elapsed, and its host fenced itself
00:16.991  admin says that host h2 is dead, and that nothing of it runs
00:16.991  admin asked for host h2 to be declared_dead
00:16.991  host h2 is down: admin says that it is dead
00:16.991  web leaves h2: an operator said that its host is dead
00:16.991  network default is not needed on h2 any more
00:16.991  web waits: its disk lies on h2, which is down
00:16.991  host h2: declared_dead
00:16.991  instance web: failed: it was handed over, and lost its host before it was seen there
00:38.991  admin asked for host h2 to be declared_dead
00:38.991  host h2: declared_dead
00:48.991  admin asked for it: stop instance web
00:48.991  admin asked for instance web to be stopped
00:48.991  instance web: stopped
01:08.991  host h2 begins epoch 2
01:08.991  volume web-root is still on h2
01:08.991  host h2 says what it is
01:08.993  the volume is detached
01:09.000  host h2 is silent for 60100ms and taken for lost; the storm brake holds it: 1 of 3 hosts of the datacenter were fenced within 10 minutes; `vdc host declare-dead h2` if it is dead
01:09.014  the network is not needed on h2 and gone
01:09.014  network default is gone from a host that had it
01:09.250  host h2 is heard again
