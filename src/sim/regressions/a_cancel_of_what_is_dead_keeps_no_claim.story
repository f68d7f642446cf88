# A guest powers off while its move is being cancelled: what brings nobody to life keeps no claim.
hosts 4 tunnels moves
create image image0
run 50ms
upload image image0
create image image1
run 50ms
upload image image1
create project other
run 100ms
as other create network default
run 1s
create instance i0 {"image":"image1","flavor":"tiny"}
create instance i1 {"image":"image0","flavor":"small"}
run 410ms
as other create instance i2 {"image":"image0","flavor":"small"}
faults h2 lie=80 slow=51 breaks=179
ways delay=1295ms
create app app1 {"replicas":4,"template":{"image":"image1","flavor":"tiny","network":"default"}}
run 5s
as other create app app2 {"replicas":6,"template":{"image":"image1","flavor":"tiny","network":"default"}}
run 4s
migrate instance i1
run 4020ms
create instance i4 {"image":"image0","flavor":"small"}
run 1s
update instance i1 {"restart":"never"}
crash i1
run 3s
----
00:00.000  a new datacenter has project default
00:00.000  a new datacenter has network default
00:00.000  a new datacenter has flavor tiny
00:00.000  a new datacenter has flavor small
00:00.000  a new datacenter has flavor medium
00:00.000  a new datacenter has flavor large
00:00.000  admin asked for it: create image image0
00:00.000  admin asked for image image0 to be exists
00:00.000  network default is number 1
00:00.000  host h1 joins
00:00.000  host h1 begins epoch 1
00:00.000  host h1 says what it is
00:00.000  image image0 is kept on h1
00:00.000  host h4 joins
00:00.000  host h4 begins epoch 1
00:00.000  host h4 says what it is
00:00.000  host h2 joins
00:00.000  host h2 begins epoch 1
00:00.000  host h2 says what it is
00:00.001  host h3 joins
00:00.001  host h3 begins epoch 1
00:00.001  host h3 says what it is
00:00.050  admin asked for it: import image image0
00:00.050  admin asked for image image0 to be ready
00:00.050  admin asked for it: create image image1
00:00.050  admin asked for image image1 to be exists
00:00.050  image image1 is kept on h1
00:00.050  the image is being checked and converted
00:00.100  admin asked for it: import image image1
00:00.100  admin asked for image image1 to be ready
00:00.100  admin asked for it: create project other
00:00.100  admin asked for project other to be exists
00:00.103  the image is being checked and converted
00:00.200  admin asked for it: create network default
00:00.200  admin asked for network default to be exists
00:00.200  network default is number 2
00:01.200  admin asked for it: create instance i0
00:01.200  root volume of i0
00:01.200  network card of i0
00:01.200  admin asked for instance i0 to be running
00:01.200  port i0-port0 has 10.77.0.2 in default
00:01.200  i0 claimed on h1, generation 1: h1 has the most room of 4 hosts
00:01.200  volume i0-root lies on h1 with its instance
00:01.200  network default is needed on h1 by i0
00:01.200  admin asked for it: create instance i1
00:01.200  root volume of i1
00:01.200  network card of i1
00:01.200  admin asked for instance i1 to be running
00:01.200  port i1-port0 has 10.77.0.3 in default
00:01.200  i1 claimed on h2, generation 1: h2 has the most room of 4 hosts
00:01.200  volume i1-root lies on h2 with its instance
00:01.200  image image0 is brought to h2
00:01.200  network default is needed on h2 by i1
00:01.220  i1: it waits: its image is not here yet
00:01.224  i0: it waits: its image is not here yet
00:01.240  the network is ready on h1
00:01.260  the network is ready on h2
00:01.610  admin asked for it: create instance i2
00:01.610  root volume of i2
00:01.610  network card of i2
00:01.610  admin asked for instance i2 to be running
00:01.610  port i2-port0 has 10.20.0.2 in default
00:01.610  i2 claimed on h3, generation 1: h3 has the most room of 4 hosts
00:01.610  volume i2-root lies on h3 with its instance
00:01.610  image image0 is brought to h3
00:01.610  network default is needed on h3 by i2
00:01.610  admin asked for it: create app app1
00:01.610  admin asked for app app1 to be ready
00:01.610  app1 wants 4 replicas: make app1-1
00:01.610  root volume of app1-1
00:01.610  network card of app1-1
00:01.610  app1 wants 4 replicas: make app1-2
00:01.610  root volume of app1-2
00:01.610  network card of app1-2
00:01.610  app1 wants 4 replicas: make app1-3
00:01.610  root volume of app1-3
00:01.610  network card of app1-3
00:01.610  app1 wants 4 replicas: make app1-4
00:01.610  root volume of app1-4
00:01.610  network card of app1-4
00:01.610  port app1-4-port0 has 10.77.0.4 in default
00:01.610  port app1-3-port0 has 10.77.0.5 in default
00:01.610  port app1-1-port0 has 10.77.0.6 in default
00:01.610  port app1-2-port0 has 10.77.0.7 in default
00:01.610  app1-3 claimed on h4, generation 1: h4 has the most room of 4 hosts
00:01.610  volume app1-3-root lies on h4 with its instance
00:01.610  image image1 is brought to h4
00:01.610  network default is needed on h4 by app1-3
00:01.610  app1-2 claimed on h1, generation 1: h1 has the most room of 4 hosts
00:01.610  volume app1-2-root lies on h1 with its instance
00:01.610  app1-1 claimed on h2, generation 1: h2 has the most room of 4 hosts
00:01.610  volume app1-1-root lies on h2 with its instance
00:01.610  image image1 is brought to h2
00:01.610  app1-4 claimed on h3, generation 1: h3 has the most room of 4 hosts
00:01.610  volume app1-4-root lies on h3 with its instance
00:01.610  image image1 is brought to h3
00:01.610  network default is needed on h3 by app1-4
00:01.931  the image is ready
00:01.931  image image0: ready
00:02.673  the network is ready on h4
00:02.675  i2: it waits: its image is not here yet
00:02.974  app1-3: it waits: its image is not here yet
00:02.982  the network is ready on h3
00:02.982  the network is ready on h3
00:02.982  app1-4: it waits: its image is not here yet
00:03.096  the image is being brought to h2
00:03.270  app1-2: it waits: its image is not here yet
00:03.270  the image is ready
00:03.270  app1-2: it waits: its volume is being prepared
00:03.270  image image1: ready
00:03.304  the image is being brought to h3
00:03.347  i0: it waits: its volume is being prepared
00:03.347  the volume is ready
00:03.392  the image is on h3
00:03.429  i0: it is being started
00:03.549  the volume is ready
00:03.549  app1-2: it is being started
00:03.652  the volume is ready
00:03.652  app1-2: it runs with kvm
00:04.078  the volume is ready
00:04.078  i0: it runs with kvm
00:04.078  instance i0: running
00:04.278  i2: it waits: its volume is being prepared
00:04.278  the volume is ready
00:04.278  i2: it is being started
00:04.278  the image is being brought to h3
00:04.278  the volume is ready
00:04.285  the image is on h2
00:04.285  i1: it waits: its volume is being prepared
00:04.285  the volume is ready
00:04.285  i1: it is being started
00:04.353  i2: it runs with kvm
00:04.353  instance i2: running
00:04.446  the volume is ready
00:04.497  i1: it runs with kvm
00:04.497  instance i1: running
00:04.523  the image is being brought to h2
00:04.762  the image is being brought to h4
00:05.421  the image is on h2
00:05.448  the image is on h4
00:05.556  the image is on h3
00:05.556  app1-4: it waits: its volume is being prepared
00:05.556  the volume is ready
00:05.660  app1-3: it waits: its volume is being prepared
00:05.755  app1-4: it is being started
00:05.755  the volume is ready
00:05.755  app1-4: it runs with kvm
00:06.242  the volume is ready
00:06.242  app1-3: it is being started
00:06.253  the volume is ready
00:06.253  app1-3: it runs with kvm
00:06.610  admin asked for it: create app app2
00:06.610  admin asked for app app2 to be ready
00:06.610  app2 wants 6 replicas: make app2-1
00:06.610  root volume of app2-1
00:06.610  network card of app2-1
00:06.610  app2 wants 6 replicas: make app2-2
00:06.610  root volume of app2-2
00:06.610  network card of app2-2
00:06.610  app2 wants 6 replicas: make app2-3
00:06.610  root volume of app2-3
00:06.610  network card of app2-3
00:06.610  app2 wants 6 replicas: make app2-4
00:06.610  root volume of app2-4
00:06.610  network card of app2-4
00:06.610  app2 wants 6 replicas: make app2-5
00:06.610  root volume of app2-5
00:06.610  network card of app2-5
00:06.610  app2 wants 6 replicas: make app2-6
00:06.610  root volume of app2-6
00:06.610  network card of app2-6
00:06.610  port app2-3-port0 has 10.20.0.3 in default
00:06.610  port app2-2-port0 has 10.20.0.4 in default
00:06.610  port app2-5-port0 has 10.20.0.5 in default
00:06.610  port app2-6-port0 has 10.20.0.6 in default
00:06.610  port app2-1-port0 has 10.20.0.7 in default
00:06.610  port app2-4-port0 has 10.20.0.8 in default
00:06.610  app2-4 claimed on h4, generation 1: h4 has the most room of 4 hosts
00:06.610  volume app2-4-root lies on h4 with its instance
00:06.610  network default is needed on h4 by app2-4
00:06.610  app2-3 claimed on h1, generation 1: h1 has the most room of 4 hosts
00:06.610  volume app2-3-root lies on h1 with its instance
00:06.610  network default is needed on h1 by app2-3
00:06.610  app2-6 claimed on h2, generation 1: h2 has the most room of 4 hosts
00:06.610  volume app2-6-root lies on h2 with its instance
00:06.610  network default is needed on h2 by app2-6
00:06.610  app2-2 claimed on h3, generation 1: h3 has the most room of 4 hosts
00:06.610  volume app2-2-root lies on h3 with its instance
00:06.610  app2-1 claimed on h4, generation 1: h4 has the most room of 4 hosts
00:06.610  volume app2-1-root lies on h4 with its instance
00:06.610  app2-5 claimed on h1, generation 1: h1 has the most room of 4 hosts
00:06.610  volume app2-5-root lies on h1 with its instance
00:07.199  the network is ready on h1
00:07.653  app2-5: it waits: its volume is being prepared
00:07.943  app2-2: it waits: its volume is being prepared
00:07.943  the volume is ready
00:08.126  app2-3: it waits: its volume is being prepared
00:08.126  the volume is ready
00:08.126  app2-5: it is being started
00:08.154  the volume is ready
00:08.337  app2-3: it is being started
00:08.337  the volume is ready
00:08.337  app2-5: it runs with kvm
00:08.337  the volume is ready
00:08.337  app2-3: it runs with kvm
00:08.348  the network is ready on h4
00:08.348  app2-1: it waits: its volume is being prepared
00:08.500  app2-6: it waits: its volume is being prepared
00:08.500  the network is ready on h2
00:08.500  the volume is not as wanted: the host had a moment of weakness
00:08.500  app2-6: it waits: its volume is not ready: the host had a moment of weakness
00:08.523  app2-2: it is being started
00:08.523  the volume is ready
00:08.526  app2-4: it waits: its volume is being prepared
00:08.526  the volume is ready
00:08.675  app2-1: it is being started
00:08.675  the volume is ready
00:08.675  app2-4: it is being started
00:08.675  the volume is ready
00:08.675  app2-1: it runs with kvm
00:08.675  the volume is ready
00:08.839  app2-2: it runs with kvm
00:09.036  the volume is ready
00:09.036  app2-6: it is being started
00:09.136  app2-4: it runs with kvm
00:09.426  the volume is ready
00:09.426  app2-6: it runs with kvm
00:09.426  application app2: ready
00:10.610  volume i1-root is copied to h4
00:10.610  i1 moves from h2 to h4 while it runs: h4 has the most room of 4 hosts
00:10.610  admin asked for instance i1 to be moved
00:10.610  image image0 is brought to h4
00:11.603  app1-1: it waits: its volume is being prepared
00:12.321  the image is being brought to h4
00:12.321  i1: h4 prepares for it: its image is not here yet
00:12.426  the image is on h4
00:12.426  i1: h4 prepares for it: its volume is being prepared
00:12.426  there is a disk for the copy on h4
00:12.466  i1: h4 is ready to receive it
00:12.573  the volume is ready
00:12.573  app1-1: it is being started
00:12.573  the volume is ready
00:12.573  app1-1: it runs with kvm
00:12.573  application app1: ready
00:13.404  i1: 512 of 512 MiB of it are left to send
00:13.864  i1: 192 of 512 MiB of it are left to send
00:13.864  i1: 128 of 512 MiB of it are left to send
00:14.334  i1: h4 cannot receive it: a stream broke
00:14.334  i1 moves no more, and stays where it is: h4 could not receive it: a stream broke
00:14.334  the copy of volume i1-root on another host is not needed any more
00:14.334  instance i1: failed: h4 could not receive it: a stream broke
00:14.354  i1: it cannot be sent: a stream broke
00:14.630  admin asked for it: create instance i4
00:14.630  root volume of i4
00:14.630  network card of i4
00:14.630  admin asked for instance i4 to be running
00:14.630  port i4-port0 has 10.77.0.8 in default
00:14.630  i4 claimed on h4, generation 1: h4 has the most room of 4 hosts
00:14.630  volume i4-root lies on h4 with its instance
00:15.630  admin asked for it: change instance i1
00:15.630  admin asked for instance i1 to be exists
00:15.728  the copy on h4 is gone
00:15.728  the copy of volume i1-root is gone from a host that had it
00:15.953  the volume is detached
00:16.189  i4: it waits: its volume is being prepared
00:16.189  the volume is ready
00:16.189  i4: it is being started
00:16.189  the volume is ready
00:16.434  i4: it runs with kvm
00:16.434  instance i4: running
00:16.757  i1: its QEMU ended on its own: signal 9; it is started again
00:16.934  i1: it is off
00:16.934  i1 is off and gives its room back
