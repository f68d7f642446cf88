# That an instance shall always run came just before its guest powered off, and the oracle had only the rule
# of that moment: it took the start that followed for one that nobody wanted.
seed 2
create image image0
upload image image0
create instance i4 {"image":"image0","flavor":"small"}
run 2s
update instance i4 {"restart":"always"}
poweroff i4
heal
rest 5m
----
00:00.000  a new datacenter has project default
00:00.000  a new datacenter has network default
00:00.000  a new datacenter has flavor tiny
00:00.000  a new datacenter has flavor small
00:00.000  a new datacenter has flavor medium
00:00.000  a new datacenter has flavor large
00:00.000  admin asked for it: create image image0
00:00.000  admin asked for image image0 to be exists
00:00.000  admin asked for it: import image image0
00:00.000  admin asked for image image0 to be ready
00:00.000  admin asked for it: create instance i4
00:00.000  root volume of i4
00:00.000  network card of i4
00:00.000  admin asked for instance i4 to be running
00:00.000  network default is number 1
00:00.000  port i4-port0 has 10.77.0.2 in default
00:00.001  host h1 joins
00:00.001  host h1 begins epoch 1
00:00.001  host h1 says what it is
00:00.001  image image0 is kept on h1
00:00.001  i4 claimed on h1, generation 1: h1 has the most room of 1 host
00:00.001  volume i4-root lies on h1 with its instance
00:00.001  network default is needed on h1 by i4
00:00.003  the image is being checked and converted
00:00.019  i4: it waits: its image is not here yet
00:00.044  the network is ready on h1
00:01.278  the image is ready
00:01.278  i4: it waits: its volume is being prepared
00:01.278  image image0: ready
00:01.299  the volume is ready
00:01.299  i4: it is being started
00:01.635  the volume is attached
00:01.635  i4: it runs with kvm
00:01.635  instance i4: running
00:02.000  everything heals
00:02.000  admin asked for it: change instance i4
00:02.000  admin asked for instance i4 to be exists
00:02.000  the volume is detached
00:02.001  i4: its guest powered off
00:02.001  i4: it is being started
00:02.292  the volume is attached
00:02.293  i4: it runs with kvm
