# A host loses power for so long that it is fenced. When it has booted it begins a new epoch: what its
# disks hold starts there again.
hosts 2 vcpus=8 memory=8GiB lease=default
create image tiny
upload image tiny
run 5s
create instance db {"image": "tiny", "flavor": "tiny"}
create instance more {"image": "tiny", "flavor": "tiny"}
create instance web {"image": "tiny", "flavor": "tiny", "pool": "nas"}
run 10s
quiet
reboot h1 30s
run 60s
rest 1m
----
00:16.750  host h1 is silent for 2600ms
00:20.500  host h1 is silent for 6300ms and taken for lost
00:20.500  host h1 is down: its lease elapsed, and its host fenced itself
00:20.500  web leaves h1: its lease elapsed, and its host fenced itself
00:20.500  web claimed on h2, generation 2: h2 is where the plan for this loss brings it
00:20.500  volume web-root is in the hand of h2 with its instance
00:20.544  the volume is detached
00:20.544  web: its run is over; it is started again
00:20.592  web: it is being started
00:21.042  the volume is attached
00:21.042  web: it runs with kvm
00:45.000  host h1 begins epoch 2
00:45.000  volume db-root is still on h1
00:45.000  db starts again on h1, which booted anew
00:45.000  host h1 says what it is
00:45.022  the volume is detached
00:45.022  db: its run is over; it is started again
00:46.719  db: it waits: its volume is being prepared
00:46.752  db: it is being started
00:47.020  the volume is attached
00:47.020  db: it runs with kvm
