# A host is cut off while it launches an instance, fences itself and comes back: the instance is on
# another host now, and its port has no place in the network. The launch is over before its rules go.
hosts 2 lease=fast
seed 2
create image tiny
upload image tiny
run 5s
update host h2 {"schedulable": false}
create instance stays {"image": "tiny", "flavor": "tiny"}
create instance goes {"image": "tiny", "flavor": "tiny", "pool": "nas", "survives": "nothing"}
run 10s
update host h2 {"schedulable": true}
run 5s
quiet
crash goes
run 30ms
faults h1 slow=1000
run 100ms
cut h1 both
run 6s
mend h1
run 30s
heal
rest 2m
----
00:20.000  the volume is detached
00:20.001  goes: its QEMU ended on its own: signal 9; it is started again
00:21.000  host h1 is silent for 1s
00:21.996  h1 fenced itself
00:22.500  host h1 is silent for 2500ms and taken for lost
00:22.500  host h1 is down: its lease elapsed, and its host fenced itself
00:22.500  goes leaves h1: its lease elapsed, and its host fenced itself
00:22.500  goes claimed on h2, generation 2: h2 has the most room of 2 hosts
00:22.500  volume goes-root is in the hand of h2 with its instance
00:22.500  network default is needed on h2 by goes
00:22.541  goes: it waits: its volume is being prepared
00:22.551  the network is ready on h2
00:22.591  goes: it is being started
00:22.841  the volume is attached
00:22.841  goes: it runs with kvm
00:28.001  host h1 begins epoch 2
00:28.001  volume stays-root is still on h1
00:28.001  stays is still on h1
00:56.130  everything heals
