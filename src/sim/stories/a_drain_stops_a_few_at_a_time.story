# A drain stops a few instances at a time: the next ones when those run elsewhere. (Two hosts cannot
# promise to survive a loss while one of them is drained.)
hosts 2 vcpus=16 memory=16GiB lease=default
create image tiny
upload image tiny
run 5s
create instance a {"image": "tiny", "flavor": "tiny", "pool": "nas"}
create instance b {"image": "tiny", "flavor": "tiny", "pool": "nas"}
create instance c {"image": "tiny", "flavor": "tiny", "pool": "nas"}
create instance d {"image": "tiny", "flavor": "tiny", "pool": "nas"}
create instance e {"image": "tiny", "flavor": "tiny", "pool": "nas"}
create instance f {"image": "tiny", "flavor": "tiny", "pool": "nas"}
create instance g {"image": "tiny", "flavor": "tiny", "pool": "nas"}
create instance h {"image": "tiny", "flavor": "tiny", "pool": "nas"}
create instance i {"image": "tiny", "flavor": "tiny", "pool": "nas"}
create instance j {"image": "tiny", "flavor": "tiny", "pool": "nas"}
create instance k {"image": "tiny", "flavor": "tiny", "pool": "nas"}
create instance l {"image": "tiny", "flavor": "tiny", "pool": "nas"}
update project default {"survives": "nothing"}
run 15s
quiet
drain host h1
run 60s
rest 1m
----
00:20.000  admin asked for it: drain host h1
00:20.000  admin asked for host h1 to be drained
00:20.000  g is stopped on h1, which is drained, to start on another host
00:20.000  k is stopped on h1, which is drained, to start on another host
00:20.000  i is stopped on h1, which is drained, to start on another host
00:20.000  e is stopped on h1, which is drained, to start on another host
00:21.029  the volume is detached
00:21.029  e: its guest powered off
00:21.029  e leaves h1: its host saw its end
00:21.029  e was stopped to start on another host
00:21.029  c is stopped on h1, which is drained, to start on another host
00:21.029  h1 shall let go of volume e-root, for another host
00:21.029  e waits: h1 has not let go of volume e-root yet
00:21.031  the volume is detached
00:21.031  k: its guest powered off
00:21.031  k leaves h1: its host saw its end
00:21.031  k was stopped to start on another host
00:21.031  a is stopped on h1, which is drained, to start on another host
00:21.031  h1 shall let go of volume k-root, for another host
00:21.031  k waits: h1 has not let go of volume k-root yet
00:21.032  its host has let go of the volume
00:21.032  its host has let go of the volume
00:21.032  k claimed on h2, generation 2: h2 has the most room of 2 hosts
00:21.032  volume k-root is in the hand of h2 with its instance
00:21.032  e claimed on h2, generation 2: h2 has the most room of 2 hosts
00:21.032  volume e-root is in the hand of h2 with its instance
00:21.036  the volume is detached
00:21.037  i: its guest powered off
00:21.037  i leaves h1: its host saw its end
00:21.037  i was stopped to start on another host
00:21.037  h1 shall let go of volume i-root, for another host
00:21.037  i waits: h1 has not let go of volume i-root yet
00:21.039  its host has let go of the volume
00:21.039  i claimed on h2, generation 2: h2 has the most room of 2 hosts
00:21.039  volume i-root is in the hand of h2 with its instance
00:21.049  the volume is detached
00:21.049  g: its guest powered off
00:21.049  g leaves h1: its host saw its end
00:21.049  g was stopped to start on another host
00:21.049  h1 shall let go of volume g-root, for another host
00:21.049  g waits: h1 has not let go of volume g-root yet
00:21.051  its host has let go of the volume
00:21.051  g claimed on h2, generation 2: h2 has the most room of 2 hosts
00:21.051  volume g-root is in the hand of h2 with its instance
00:21.056  k: it waits: its volume is being prepared
00:21.073  g: it waits: its volume is being prepared
00:21.082  e: it waits: its volume is being prepared
00:21.093  g: it waits: its network is being prepared
00:21.093  i: it waits: its volume is being prepared
00:21.098  k: it waits: its network is being prepared
00:21.113  i: it waits: its network is being prepared
00:21.121  g: it is being started
00:21.122  k: it is being started
00:21.122  i: it is being started
00:21.138  e: it is being started
00:21.340  the volume is attached
00:21.340  k: it runs with kvm
00:21.342  the volume is attached
00:21.342  g: it runs with kvm
00:21.528  the volume is attached
00:21.528  i: it runs with kvm
00:21.736  the volume is attached
00:21.736  e: it runs with kvm
00:22.088  the volume is detached
00:22.088  c: its guest powered off
00:22.088  c leaves h1: its host saw its end
00:22.088  c was stopped to start on another host
00:22.088  h1 shall let go of volume c-root, for another host
00:22.088  c waits: h1 has not let go of volume c-root yet
00:22.090  the volume is detached
00:22.090  a: its guest powered off
00:22.090  a leaves h1: its host saw its end
00:22.090  a was stopped to start on another host
00:22.090  network default is not needed on h1 any more
00:22.090  h1 shall let go of volume a-root, for another host
00:22.090  a waits: h1 has not let go of volume a-root yet
00:22.090  host h1: drained
00:22.091  its host has let go of the volume
00:22.091  c claimed on h2, generation 2: h2 has the most room of 2 hosts
00:22.091  volume c-root is in the hand of h2 with its instance
00:22.092  its host has let go of the volume
00:22.092  a claimed on h2, generation 2: h2 has the most room of 2 hosts
00:22.092  volume a-root is in the hand of h2 with its instance
00:22.121  a: it waits: its volume is being prepared
00:22.134  c: it waits: its volume is being prepared
00:22.170  a: it is being started
00:22.177  c: it is being started
00:22.201  the network is not needed on h1 and gone
00:22.201  network default is gone from a host that had it
00:22.460  the volume is attached
00:22.461  a: it runs with kvm
00:22.623  the volume is attached
00:22.624  c: it runs with kvm
