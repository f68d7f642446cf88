# A volume is detached from one running instance and attached to another; its host hears of both at
# once. The second opened it once while the first still had it: two writers.
hosts 1
seed 2
create image tiny
upload image tiny
run 5s
create instance a {"image": "tiny", "flavor": "tiny"}
create instance b {"image": "tiny", "flavor": "tiny"}
run 10s
create volume data {"size": "1GiB", "instance": "b"}
run 5s
quiet
stall h1 5s
detach volume data
run 1s
attach volume data {"instance": "a"}
run 20s
rest
----
00:20.000  admin asked for it: change volume data
00:20.000  admin asked for volume data to be detached
00:21.000  admin asked for it: change volume data
00:21.000  admin asked for volume data to be attached
00:21.000  volume data: given up: a later wish stands against it
00:25.026  the volume is detached
00:25.073  the volume is attached
00:25.073  volume data: attached
