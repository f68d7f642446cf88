# A guest that is going off is started again: that it ran when the wish came is an older report. Done
# is the wish when a run stands that the stop before it cannot end any more.
hosts 1
seed 1
create image tiny
upload image tiny
run 5s
create instance web {"image": "tiny", "flavor": "tiny", "restart": "on_failure"}
run 10s
quiet
stop instance web
run 500ms
start instance web
run 10s
rest
----
00:15.000  admin asked for it: stop instance web
00:15.000  admin asked for instance web to be stopped
00:15.500  admin asked for it: start instance web
00:15.500  admin asked for instance web to be running
00:15.500  instance web: given up: a later wish stands against it
00:16.053  the volume is detached
00:16.053  web: its guest powered off
00:16.290  the volume is attached
00:16.290  web: it runs with kvm
00:16.290  instance web: running
