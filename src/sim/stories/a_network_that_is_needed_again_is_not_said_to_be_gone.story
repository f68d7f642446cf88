# A network goes, is needed again while it goes, and then is not: it is gone only when what was made
# for the second need is gone, too.
hosts 1
seed 5
create image tiny
upload image tiny
run 5s
create instance web {"image": "tiny", "flavor": "tiny"}
run 10s
quiet
stop instance web
run 1095ms
faults h1 slow=1000
start instance web
run 300ms
stop instance web
run 30s
heal
rest 1m
----
00:15.000  admin asked for it: stop instance web
00:15.000  admin asked for instance web to be stopped
00:16.031  the volume is detached
00:16.031  web: its guest powered off
00:16.031  web is off and gives its room back
00:16.031  network default is not needed on h1 any more
00:16.031  instance web: stopped
00:16.095  admin asked for it: start instance web
00:16.095  admin asked for instance web to be running
00:16.095  web claimed on h1, generation 2: h1 has the most room of 1 host
00:16.095  network default is needed on h1 by web
00:16.096  the network is ready on h1
00:16.395  admin asked for it: stop instance web
00:16.395  admin asked for instance web to be stopped
00:16.395  instance web: given up: a later wish stands against it
00:17.663  web: it is off
00:17.663  web is off and gives its room back
00:17.663  network default is not needed on h1 any more
00:17.663  instance web: stopped
00:46.395  everything heals
00:49.538  the network is not needed on h1 and gone
00:49.538  network default is gone from a host that had it
