# An instance is started again before its host has said that it is off, and stopped once more while
# it is being launched. That it was off is not the end of the run that begins.
hosts 1
seed 9
create image tiny
upload image tiny
run 5s
create instance web {"image": "tiny", "flavor": "tiny"}
run 10s
quiet
ways delay=900ms
stop instance web
run 2s
start instance web
run 500ms
stop instance web
run 30s
ways delay=2ms
rest
----
00:15.000  admin asked for it: stop instance web
00:15.000  admin asked for instance web to be stopped
00:16.982  the volume is detached
00:17.000  admin asked for it: start instance web
00:17.000  admin asked for instance web to be running
00:17.000  instance web: given up: a later wish stands against it
00:17.500  admin asked for it: stop instance web
00:17.500  admin asked for instance web to be stopped
00:17.500  instance web: given up: a later wish stands against it
00:17.633  web: its guest powered off
00:17.945  web: it is being started
00:18.441  the volume is attached
00:18.880  web: it runs with kvm
00:24.020  the volume is detached
00:24.020  web: its guest powered off
00:24.020  web is off and gives its room back
00:24.020  network default is not needed on h1 any more
00:24.020  instance web: stopped
00:25.193  the network is not needed on h1 and gone
00:25.193  network default is gone from a host that had it
