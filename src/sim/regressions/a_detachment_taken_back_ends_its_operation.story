# A volume shall be detached, and attached again before that: the first operation once never ended.
hosts 1
run 100ms
create image tiny
run 50ms
upload image tiny
create instance a {"image": "tiny", "flavor": "tiny"}
run 10s
create volume data {"size": "1GiB", "instance": "a"}
run 10s
quiet
kill agent h1
detach volume data
run 1s
attach volume data {"instance": "a"}
run 1s
start agent h1
run 20s
rest
----
00:20.150  admin asked for it: change volume data
00:20.150  admin asked for volume data to be detached
00:21.150  admin asked for it: change volume data
00:21.150  admin asked for volume data to be attached
00:21.150  volume data: attached
00:21.150  volume data: given up: a later wish stands against it
