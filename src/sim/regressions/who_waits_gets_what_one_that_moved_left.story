# An instance's disk lies on h1, which others filled while it was off. When one of them has moved on,
# it starts in the place that this one left: nothing else happens that would have it looked at.
hosts 2 vcpus=2 memory=1600MiB lease=default moves
run 1s
create image tiny
upload image tiny
create instance late {"image": "tiny", "flavor": "small", "survives": "nothing"}
run 5s
stop instance late
run 30s
create instance other {"image": "tiny", "flavor": "small", "survives": "nothing"}
run 5s
create instance third {"image": "tiny", "flavor": "small", "survives": "nothing"}
run 5s
create instance fourth {"image": "tiny", "flavor": "small", "survives": "nothing"}
run 5s
quiet
start instance late
run 5s
migrate instance other {"host": "h2"}
rest 5m
----
00:51.000  admin asked for it: start instance late
00:51.000  admin asked for instance late to be running
00:51.000  late waits: no host fits 1 vcpus and 512MiB of memory: of 2 not one that holds its disks: 1, of 2 not one that has enough memory: 1
00:56.000  volume other-root is copied to h2
00:56.000  other moves from h1 to h2 while it runs: h2 has the most room of 2 hosts
00:56.000  admin asked for instance other to be moved
00:56.044  other: h2 prepares for it: its volume is being prepared
00:56.089  there is a disk for the copy on h2
00:56.089  other: h2 prepares for it
00:56.145  other: h2 is ready to receive it
00:56.176  other: 512 of 512 MiB of it are left to send
00:56.366  other: 64 of 512 MiB of it are left to send
00:56.594  other: 0 of 512 MiB of it are left to send
00:56.782  other: all of it has arrived on h2
00:56.783  other: all of it is sent, and it stands still
00:56.783  other is handed over to h2, generation 2: it stands still, and all of it has arrived
00:56.783  volume other-root lies on h2 with its instance
00:56.783  late claimed on h1, generation 2: h1 has the most room of 2 hosts
00:56.786  there is a disk for the copy on h1
00:56.836  late: it waits: its network is being prepared
00:56.841  late: it is being started
00:56.854  other: it goes on where it came to
00:56.854  instance other: moved
00:56.862  the copy on h1 is gone
00:56.862  the copy of volume other-root is gone from a host that had it
00:57.205  the volume is attached
00:57.205  late: it runs with kvm
00:57.205  instance late: running
