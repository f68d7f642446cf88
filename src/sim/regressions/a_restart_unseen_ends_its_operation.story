# Stopped and started again while its agent is away, an instance once left its start pending for ever.
hosts 1
run 100ms
create image tiny
run 50ms
upload image tiny
create instance a {"image": "tiny", "flavor": "tiny"}
run 10s
quiet
kill agent h1
stop instance a
run 1s
start instance a
run 1s
start agent h1
run 20s
rest
----
00:10.150  admin asked for it: stop instance a
00:10.150  admin asked for instance a to be stopped
00:11.150  admin asked for it: start instance a
00:11.150  admin asked for instance a to be running
00:11.150  instance a: given up: a later wish stands against it
00:11.150  instance a: running
