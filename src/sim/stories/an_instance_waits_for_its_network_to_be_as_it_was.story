# An instance is stopped and wanted again while its host takes its port out of the network. The
# network that it needs is the one that was applied last, and yet not the one that will be.
hosts 1
create image tiny
upload image tiny
run 5s
create instance stays {"image": "tiny", "flavor": "tiny"}
create instance web {"image": "tiny", "flavor": "tiny"}
run 10s
quiet
stop instance web
run 500ms
faults h1 slow=1000
run 1500ms
faults h1 slow=0
start instance web
run 40s
heal
rest 1m
----
00:15.000  admin asked for it: stop instance web
00:15.000  admin asked for instance web to be stopped
00:16.018  the volume is detached
00:16.019  web: its guest powered off
00:16.019  web is off and gives its room back
00:16.019  instance web: stopped
00:17.000  admin asked for it: start instance web
00:17.000  admin asked for instance web to be running
00:17.000  web claimed on h1, generation 2: h1 has the most room of 1 host
00:17.002  web: it waits: its network is being prepared
00:33.336  web: it is being started
00:33.685  the volume is attached
00:33.685  web: it runs with kvm
00:33.685  instance web: running
00:57.000  everything heals
