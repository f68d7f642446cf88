# A guest that hears no button is stopped and started again: it runs on, and the wish ends when the
# guest's time to obey the stop is over.
hosts 1
seed 1
create image tiny
upload image tiny
run 5s
create instance web {"image": "tiny", "flavor": "tiny", "restart": "on_failure", "stop_timeout": "10s"}
run 10s
deaf web
quiet
stop instance web
run 500ms
start instance web
run 20s
rest
----
00:15.000  admin asked for it: stop instance web
00:15.000  admin asked for instance web to be stopped
00:15.500  admin asked for it: start instance web
00:15.500  admin asked for instance web to be running
00:15.500  instance web: given up: a later wish stands against it
00:25.002  web: it runs with kvm
00:25.002  instance web: running
