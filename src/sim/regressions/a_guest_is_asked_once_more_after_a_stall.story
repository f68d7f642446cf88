# Its host stood still while the guest booted and its time ran: the guest was once ended without having been
# asked since it hears.
create image image0
upload image image0
run 5s
create instance i6 {"image":"image0","flavor":"small"}
run 1s
stop instance i6
run 1s
stall h1 33s
run 60s
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
00:00.000  network default is number 1
00:00.001  host h1 joins
00:00.001  host h1 begins epoch 1
00:00.001  host h1 says what it is
00:00.001  image image0 is kept on h1
00:00.005  the image is being checked and converted
00:01.832  the image is ready
00:01.832  image image0: ready
00:05.000  admin asked for it: create instance i6
00:05.000  root volume of i6
00:05.000  network card of i6
00:05.000  admin asked for instance i6 to be running
00:05.000  port i6-port0 has 10.77.0.2 in default
00:05.000  i6 claimed on h1, generation 1: h1 has the most room of 1 host
00:05.000  volume i6-root lies on h1 with its instance
00:05.000  network default is needed on h1 by i6
00:05.034  the network is ready on h1
00:05.040  i6: it waits: its volume is being prepared
00:05.062  the volume is ready
00:05.062  i6: it is being started
00:05.555  the volume is attached
00:05.556  i6: it runs with kvm
00:05.556  instance i6: running
00:06.000  admin asked for it: stop instance i6
00:06.000  admin asked for instance i6 to be stopped
00:41.054  the volume is detached
00:41.054  i6: its guest powered off
00:41.054  i6 is off and gives its room back
00:41.054  network default is not needed on h1 any more
00:41.054  instance i6: stopped
00:41.124  the network is not needed on h1 and gone
00:41.124  network default is gone from a host that had it
