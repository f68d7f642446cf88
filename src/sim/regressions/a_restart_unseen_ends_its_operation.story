# Stopped and started again while its agent is away, an instance once left its start pending for ever,
# and then was said to be started before its host had heard of it. The next agent cannot know whether
# the one before it had asked the guest to power off: it waits as long as a guest has for that.
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
run 40s
rest
----
00:10.150  admin asked for it: stop instance a
00:10.150  admin asked for instance a to be stopped
00:11.150  admin asked for it: start instance a
00:11.150  admin asked for instance a to be running
00:11.150  instance a: given up: a later wish stands against it
00:42.207  a: it runs with kvm
00:42.207  instance a: running
