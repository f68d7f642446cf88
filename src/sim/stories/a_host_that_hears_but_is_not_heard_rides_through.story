# What a host says is lost; what it is told arrives. It learns that its epoch is over, and begins
# nothing under it: what rides through goes on, and what fenced itself started elsewhere.
hosts 3 vcpus=8 memory=8GiB lease=default
create image tiny
upload image tiny
run 5s
create instance web {"image": "tiny", "flavor": "tiny", "pool": "nas"}
create instance db {"image": "tiny", "flavor": "tiny"}
create instance more {"image": "tiny", "flavor": "tiny", "pool": "nas"}
create instance most {"image": "tiny", "flavor": "tiny"}
run 10s
quiet
cut h1 up
run 20s
mend h1
run 10s
rest 1m
----
00:17.000  host h1 is silent for 2500ms
00:20.607  h1 fenced itself
00:21.000  host h1 is silent for 6600ms and taken for lost
00:21.000  host h1 is down: its lease elapsed, and its host fenced itself
00:36.001  host h1 begins epoch 2
00:36.001  volume db-root is still on h1
00:36.001  volume most-root is still on h1
00:36.001  most is still on h1
00:36.001  db is still on h1
