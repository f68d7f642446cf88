# All records are lost, and restored from a backup that is older than what runs. Since then one
# instance was made, one has moved, and one was deleted. Nothing that runs is touched; the one
# that moved is claimed where it is, the deleted one is missed, the new one is ended by name, and
# its disk stays.
hosts 2 lease=default tunnels moves
create image tiny
upload image tiny
create instance stays {"image": "tiny", "flavor": "small", "network": "default"}
create instance moves {"image": "tiny", "flavor": "small", "network": "default"}
create instance goes {"image": "tiny", "flavor": "small", "network": "default"}
run 20s
backup
create instance late {"image": "tiny", "flavor": "small", "network": "default"}
delete instance goes
migrate instance moves
run 60s
quiet
restore
run 10s
release
run 10s
disown h1 late
run 10s
delete instance goes
run 30s
----
01:20.000  the records are restored from a backup
01:20.000  host h1 is heard after the restore and begins epoch 1700000080000001
01:20.000  host h1 looks at what runs there
01:20.000  host h1 says what it is
01:20.000  host h2 is heard after the restore and begins epoch 1700000080000001
01:20.000  host h2 looks at what runs there
01:20.000  volume stays-root is of the epoch that begins
01:20.000  volume goes-root is of the epoch that begins
01:20.000  volume moves-root is of the epoch that begins
01:20.000  moves is of the epoch that begins
01:20.000  goes is of the epoch that begins
01:20.000  stays is of the epoch that begins
01:20.000  host h2 says what it is
01:20.001  stays: it runs with kvm
01:20.001  2 instances run on h1 of which the records know nothing
01:20.002  h2 looks at what runs there
01:20.042  all that runs on h2 is known
01:30.000  moves was found on h1 after the restore
01:30.000  volume moves-root is where moves was found on h1 after the restore
01:30.000  admin releases the restore on h1
01:30.000  admin releases the restore on h2
01:30.000  all that runs on h2 is known, so the restore is over there
01:30.000  network default is needed on h1 by moves
01:30.000  the volume is detached
01:30.001  goes: its run is over; it is started again
01:30.001  1 instances run on h1 of which the records know nothing
01:30.003  moves: it runs with kvm
01:30.027  the volume is not as wanted: its disk is not on this host any more
01:30.028  goes: it waits: its volume is not ready: its disk is not on this host any more
01:30.055  the network is ready on h1
01:40.000  admin ends late on h1, of which the records know nothing
01:40.056  all that runs on h1 is known
01:40.056  all that runs on h1 is known, so the restore is over there
01:50.000  admin asked for it: delete instance goes
01:50.000  admin asked for instance goes to be gone
01:50.001  goes: nothing is left of it here
01:50.001  goes ended and left its host
01:50.001  its instance goes ends
01:50.001  volume goes-root ends with its instance
01:50.001  its instance goes is gone
01:50.001  instance goes is gone
01:50.001  instance goes: gone
02:02.040  the volume is gone
02:02.040  volume goes-root is gone from its host
