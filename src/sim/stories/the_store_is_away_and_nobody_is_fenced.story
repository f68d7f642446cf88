# Nobody can renew. What fences itself ends everywhere, what rides through goes on, and when the
# store is back no host is blamed.
hosts 3 vcpus=8 memory=8GiB lease=default
create image tiny
upload image tiny
run 5s
create instance web {"image": "tiny", "flavor": "tiny", "pool": "nas"}
create instance db {"image": "tiny", "flavor": "tiny"}
run 10s
quiet
gap 30s
run 60s
rest 1m
----
00:20.702  h2 fenced itself
00:20.704  h3 fenced itself
00:20.704  h1 fenced itself
00:20.705  the volume is detached
00:20.705  web: its run was ended
00:21.042  web: it waits: the host holds no lease
00:22.000  host h3 begins epoch 2
00:22.000  host h1 begins epoch 2
00:22.000  volume web-root is still on h1
00:22.000  host h2 begins epoch 2
00:22.000  volume db-root is still on h2
00:22.000  db is still on h2
00:22.000  web leaves h1: its lease elapsed, and its host fenced itself
00:22.000  network default is not needed on h1 any more
00:22.000  web claimed on h1, generation 2: h1 has the most room of 3 hosts
00:22.000  network default is needed on h1 by web
00:22.002  the network is ready on h1
00:22.612  web: it waits: the host holds no lease
00:52.983  the volume is attached
00:52.983  web: it runs with kvm
