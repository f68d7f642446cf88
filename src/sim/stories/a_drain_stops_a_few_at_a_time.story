# A drain stops a few instances at a time: the next ones when those run elsewhere.
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
run 15s
quiet
drain host h1
run 60s
rest 1m
----
00:20.000  admin asked for it: drain host h1
00:20.000  admin asked for host h1 to be drained
00:20.000  g is stopped on h1, which is drained, to start on another host
00:20.000  f is stopped on h1, which is drained, to start on another host
00:20.000  b is stopped on h1, which is drained, to start on another host
00:20.000  d is stopped on h1, which is drained, to start on another host
00:21.029  the volume is detached
00:21.029  d: its guest powered off
00:21.029  d leaves h1: its host saw its end
00:21.029  d was stopped to start on another host
00:21.029  l is stopped on h1, which is drained, to start on another host
00:21.029  h1 shall let go of volume d-root, for another host
00:21.029  d waits: h1 has not let go of volume d-root yet
00:21.031  the volume is detached
00:21.031  f: its guest powered off
00:21.031  f leaves h1: its host saw its end
00:21.031  f was stopped to start on another host
00:21.031  a is stopped on h1, which is drained, to start on another host
00:21.031  h1 shall let go of volume f-root, for another host
00:21.031  f waits: h1 has not let go of volume f-root yet
00:21.032  its host has let go of the volume
00:21.032  its host has let go of the volume
00:21.032  f claimed on h2, generation 2: h2 has the most room of 2 hosts
00:21.032  volume f-root is in the hand of h2 with its instance
00:21.032  d claimed on h2, generation 2: h2 has the most room of 2 hosts
00:21.032  volume d-root is in the hand of h2 with its instance
00:21.036  the volume is detached
00:21.037  b: its guest powered off
00:21.037  b leaves h1: its host saw its end
00:21.037  b was stopped to start on another host
00:21.037  h1 shall let go of volume b-root, for another host
00:21.037  b waits: h1 has not let go of volume b-root yet
00:21.039  its host has let go of the volume
00:21.039  b claimed on h2, generation 2: h2 has the most room of 2 hosts
00:21.039  volume b-root is in the hand of h2 with its instance
00:21.049  the volume is detached
00:21.049  g: its guest powered off
00:21.049  g leaves h1: its host saw its end
00:21.049  g was stopped to start on another host
00:21.049  h1 shall let go of volume g-root, for another host
00:21.049  g waits: h1 has not let go of volume g-root yet
00:21.051  its host has let go of the volume
00:21.051  g claimed on h2, generation 2: h2 has the most room of 2 hosts
00:21.051  volume g-root is in the hand of h2 with its instance
00:21.056  f: it waits: its volume is being prepared
00:21.073  g: it waits: its volume is being prepared
00:21.082  d: it waits: its volume is being prepared
00:21.093  g: it waits: its network is being prepared
00:21.093  b: it waits: its volume is being prepared
00:21.098  f: it waits: its network is being prepared
00:21.113  b: it waits: its network is being prepared
00:21.121  g: it is being started
00:21.122  f: it is being started
00:21.122  b: it is being started
00:21.138  d: it is being started
00:21.340  the volume is attached
00:21.340  f: it runs with kvm
00:21.342  the volume is attached
00:21.342  g: it runs with kvm
00:21.528  the volume is attached
00:21.528  b: it runs with kvm
00:21.736  the volume is attached
00:21.736  d: it runs with kvm
00:22.088  the volume is detached
00:22.088  l: its guest powered off
00:22.088  l leaves h1: its host saw its end
00:22.088  l was stopped to start on another host
00:22.088  h1 shall let go of volume l-root, for another host
00:22.088  l waits: h1 has not let go of volume l-root yet
00:22.090  the volume is detached
00:22.090  a: its guest powered off
00:22.090  a leaves h1: its host saw its end
00:22.090  a was stopped to start on another host
00:22.090  network default is not needed on h1 any more
00:22.090  h1 shall let go of volume a-root, for another host
00:22.090  a waits: h1 has not let go of volume a-root yet
00:22.090  host h1: drained
00:22.091  its host has let go of the volume
00:22.091  l claimed on h2, generation 2: h2 has the most room of 2 hosts
00:22.091  volume l-root is in the hand of h2 with its instance
00:22.092  its host has let go of the volume
00:22.092  a claimed on h2, generation 2: h2 has the most room of 2 hosts
00:22.092  volume a-root is in the hand of h2 with its instance
00:22.121  a: it waits: its volume is being prepared
00:22.134  l: it waits: its volume is being prepared
00:22.170  a: it is being started
00:22.177  l: it is being started
00:22.201  the network is not needed on h1 and gone
00:22.201  network default is gone from a host that had it
00:22.460  the volume is attached
00:22.461  a: it runs with kvm
00:22.623  the volume is attached
00:22.624  l: it runs with kvm
