# A volume goes from one running instance to another while no agent is there. The new agent sees both
# wishes at once, and opens the volume in the second only when the first has let go.
hosts 1
run 100ms
create image tiny
run 50ms
upload image tiny
create instance a {"image": "tiny", "flavor": "tiny"}
create instance b {"image": "tiny", "flavor": "tiny"}
create volume data {"size": "1GiB"}
run 10s
attach volume data {"instance": "a"}
run 10s
quiet
kill agent h1
detach volume data
attach volume data {"instance": "b"}
run 1s
start agent h1
run 20s
rest
----
00:20.150  admin asked for it: change volume data
00:20.150  admin asked for volume data to be detached
00:20.150  admin asked for it: change volume data
00:20.150  admin asked for volume data to be attached
00:20.150  volume data: given up: a later wish stands against it
00:21.256  the volume is detached
00:21.282  the volume is attached
00:21.282  volume data: attached
