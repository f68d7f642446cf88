# A drain that ends and one that begins at the same moment: what was on its way for the first counts, until it stays.
seed 1
hosts 3 moves
create image image0
upload image image0
create image image1
upload image image1
create instance i0 {"image":"image1","flavor":"small"}
create instance i2 {"image":"image1","flavor":"tiny"}
create instance i3 {"image":"image1","flavor":"tiny"}
create instance i15 {"image":"image0","flavor":"tiny"}
run 5s
create instance i17 {"image":"image0","flavor":"small"}
run 2s
drain host h1
undrain host h1
drain host h3

run 30s
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
00:00.000  admin asked for it: create image image1
00:00.000  admin asked for image image1 to be exists
00:00.000  admin asked for it: import image image1
00:00.000  admin asked for image image1 to be ready
00:00.000  admin asked for it: create instance i0
00:00.000  root volume of i0
00:00.000  network card of i0
00:00.000  admin asked for instance i0 to be running
00:00.000  admin asked for it: create instance i2
00:00.000  root volume of i2
00:00.000  network card of i2
00:00.000  admin asked for instance i2 to be running
00:00.000  admin asked for it: create instance i3
00:00.000  root volume of i3
00:00.000  network card of i3
00:00.000  admin asked for instance i3 to be running
00:00.000  admin asked for it: create instance i15
00:00.000  root volume of i15
00:00.000  network card of i15
00:00.000  admin asked for instance i15 to be running
00:00.000  network default is number 1
00:00.000  port i15-port0 has 10.77.0.2 in default
00:00.000  port i3-port0 has 10.77.0.3 in default
00:00.000  port i2-port0 has 10.77.0.4 in default
00:00.000  port i0-port0 has 10.77.0.5 in default
00:00.001  host h3 joins
00:00.001  host h3 begins epoch 1
00:00.001  host h3 says what it is
00:00.001  image image0 is kept on h3
00:00.001  image image1 is kept on h3
00:00.001  i15 claimed on h3, generation 1: h3 has the most room of 1 host
00:00.001  volume i15-root lies on h3 with its instance
00:00.001  network default is needed on h3 by i15
00:00.001  i0 claimed on h3, generation 1: h3 has the most room of 1 host
00:00.001  volume i0-root lies on h3 with its instance
00:00.001  i3 claimed on h3, generation 1: h3 has the most room of 1 host
00:00.001  volume i3-root lies on h3 with its instance
00:00.001  i2 claimed on h3, generation 1: h3 has the most room of 1 host
00:00.001  volume i2-root lies on h3 with its instance
00:00.001  host h1 joins
00:00.001  host h1 begins epoch 1
00:00.001  host h1 says what it is
00:00.001  host h2 joins
00:00.001  host h2 begins epoch 1
00:00.001  host h2 says what it is
00:00.004  the image is being checked and converted
00:00.004  the image is being checked and converted
00:00.021  i3: it waits: its image is not here yet
00:00.022  the network is ready on h3
00:00.039  i15: it waits: its image is not here yet
00:00.041  i0: it waits: its image is not here yet
00:00.059  i2: it waits: its image is not here yet
00:01.741  the image is ready
00:01.741  i15: it waits: its volume is being prepared
00:01.741  image image0: ready
00:01.760  the volume is ready
00:01.760  i15: it is being started
00:01.925  the volume is attached
00:01.926  i15: it runs with kvm
00:01.926  instance i15: running
00:03.530  the image is ready
00:03.530  i0: it waits: its volume is being prepared
00:03.530  image image1: ready
00:03.530  i3: it waits: its volume is being prepared
00:03.530  i2: it waits: its volume is being prepared
00:03.565  the volume is ready
00:03.566  i0: it is being started
00:03.567  the volume is ready
00:03.568  i2: it is being started
00:03.577  the volume is ready
00:03.577  i3: it is being started
00:03.747  the volume is attached
00:03.747  i2: it runs with kvm
00:03.747  instance i2: running
00:03.849  the volume is attached
00:03.849  i0: it runs with kvm
00:03.849  instance i0: running
00:04.059  the volume is attached
00:04.059  i3: it runs with kvm
00:04.059  instance i3: running
00:05.000  admin asked for it: create instance i17
00:05.000  root volume of i17
00:05.000  network card of i17
00:05.000  admin asked for instance i17 to be running
00:05.000  port i17-port0 has 10.77.0.6 in default
00:05.000  i17 claimed on h1, generation 1: h1 has the most room of 3 hosts
00:05.000  volume i17-root lies on h1 with its instance
00:05.000  image image0 is brought to h1
00:05.000  network default is needed on h1 by i17
00:05.002  the image is being brought to h1
00:05.034  the network is ready on h1
00:05.049  i17: it waits: its image is not here yet
00:06.203  the image is on h1
00:06.203  i17: it waits: its volume is being prepared
00:06.253  the volume is ready
00:06.253  i17: it is being started
00:06.688  the volume is attached
00:06.688  i17: it runs with kvm
00:06.688  instance i17: running
00:07.000  admin asked for it: drain host h1
00:07.000  admin asked for host h1 to be drained
00:07.000  volume i17-root is copied to h2
00:07.000  i17 moves from h1 to h2 while it runs: h2 has the most room of 3 hosts
00:07.000  network default is needed on h2 by i17
00:07.000  image image0 is brought to h2
00:07.000  admin asked for it: end the drain of host h1
00:07.000  admin asked for host h1 to be exists
00:07.000  host h1: given up: the drain was ended
00:07.000  admin asked for it: drain host h3
00:07.000  admin asked for host h3 to be drained
00:07.000  volume i15-root is copied to h1
00:07.000  i15 moves from h3 to h1 while it runs: h1 has the most room of 3 hosts
00:07.000  volume i0-root is copied to h2
00:07.000  i0 moves from h3 to h2 while it runs: h2 has the most room of 3 hosts
00:07.000  volume i3-root is copied to h1
00:07.000  i3 moves from h3 to h1 while it runs: h1 has the most room of 3 hosts
00:07.000  image image1 is brought to h2
00:07.000  image image1 is brought to h1
00:07.000  i17 moves no more, and stays where it is: h1 is drained no more
00:07.000  the copy of volume i17-root on another host is not needed any more
00:07.001  the image is being brought to h2
00:07.001  the image is being brought to h2
00:07.003  the image is being brought to h1
00:07.023  i3: h1 prepares for it: its image is not here yet
00:07.023  volume i2-root is copied to h2
00:07.023  i2 moves from h3 to h2 while it runs: h2 has the most room of 3 hosts
00:07.026  the network is ready on h2
00:07.034  i15: h1 prepares for it: its volume is being prepared
00:07.044  i0: h2 prepares for it: its image is not here yet
00:07.052  i2: h2 prepares for it: its image is not here yet
00:07.063  there is a disk for the copy on h1
00:07.063  i15: h1 prepares for it
00:07.103  the copy on h2 is gone
00:07.103  the copy of volume i17-root is gone from a host that had it
00:07.110  i15: h1 is ready to receive it
00:07.158  i15: 128 of 128 MiB of it are left to send
00:07.345  i15: 64 of 128 MiB of it are left to send
00:07.533  i15: 48 of 128 MiB of it are left to send
00:07.735  i15: 32 of 128 MiB of it are left to send
00:07.951  i15: 16 of 128 MiB of it are left to send
00:08.149  i15: 0 of 128 MiB of it are left to send
00:08.361  i15: all of it has arrived on h1
00:08.362  i15: all of it is sent, and it stands still
00:08.362  i15 is handed over to h1, generation 2: it stands still, and all of it has arrived
00:08.362  volume i15-root lies on h1 with its instance
00:08.364  there is a disk for the copy on h3
00:08.449  the copy on h3 is gone
00:08.449  the copy of volume i15-root is gone from a host that had it
00:08.452  i15: it goes on where it came to
00:08.478  the image is on h2
00:08.704  the image is on h1
00:08.704  i3: h1 prepares for it: its volume is being prepared
00:08.753  there is a disk for the copy on h1
00:08.753  i3: h1 prepares for it
00:08.789  i3: h1 is ready to receive it
00:08.834  i3: 128 of 128 MiB of it are left to send
00:08.867  the image is on h2
00:08.867  i0: h2 prepares for it: its volume is being prepared
00:08.867  i2: h2 prepares for it: its volume is being prepared
00:08.882  there is a disk for the copy on h2
00:08.884  i2: h2 prepares for it
00:08.917  there is a disk for the copy on h2
00:08.917  i0: h2 prepares for it
00:08.920  i2: h2 is ready to receive it
00:08.938  i2: 128 of 128 MiB of it are left to send
00:08.955  i0: h2 is ready to receive it
00:09.007  i0: 512 of 512 MiB of it are left to send
00:09.024  i3: 80 of 128 MiB of it are left to send
00:09.160  i2: 64 of 128 MiB of it are left to send
00:09.194  i0: 384 of 512 MiB of it are left to send
00:09.240  i3: 64 of 128 MiB of it are left to send
00:09.374  i2: 48 of 128 MiB of it are left to send
00:09.379  i0: 320 of 512 MiB of it are left to send
00:09.437  i3: 48 of 128 MiB of it are left to send
00:09.538  i2: 32 of 128 MiB of it are left to send
00:09.616  i0: 256 of 512 MiB of it are left to send
00:09.646  i3: 32 of 128 MiB of it are left to send
00:09.750  i2: 16 of 128 MiB of it are left to send
00:09.816  i0: 192 of 512 MiB of it are left to send
00:09.839  i3: 16 of 128 MiB of it are left to send
00:09.970  i2: 0 of 128 MiB of it are left to send
00:10.001  i0: 128 of 512 MiB of it are left to send
00:10.036  i3: 0 of 128 MiB of it are left to send
00:10.138  i2: all of it is sent, and it stands still
00:10.139  i2: all of it has arrived on h2
00:10.139  i2 is handed over to h2, generation 2: it stands still, and all of it has arrived
00:10.139  volume i2-root lies on h2 with its instance
00:10.139  there is a disk for the copy on h3
00:10.187  i0: 64 of 512 MiB of it are left to send
00:10.206  the copy on h3 is gone
00:10.206  the copy of volume i2-root is gone from a host that had it
00:10.223  i2: it goes on where it came to
00:10.230  i3: all of it is sent, and it stands still
00:10.230  i3: all of it has arrived on h1
00:10.230  i3 is handed over to h1, generation 2: it stands still, and all of it has arrived
00:10.230  volume i3-root lies on h1 with its instance
00:10.234  there is a disk for the copy on h3
00:10.299  the copy on h3 is gone
00:10.299  the copy of volume i3-root is gone from a host that had it
00:10.342  i3: it goes on where it came to
00:10.385  i0: 0 of 512 MiB of it are left to send
00:10.584  i0: all of it is sent, and it stands still
00:10.585  i0: all of it has arrived on h2
00:10.585  i0 is handed over to h2, generation 2: it stands still, and all of it has arrived
00:10.585  volume i0-root lies on h2 with its instance
00:10.585  network default is not needed on h3 any more
00:10.585  host h3: drained
00:10.588  there is a disk for the copy on h3
00:10.657  the copy on h3 is gone
00:10.657  the copy of volume i0-root is gone from a host that had it
00:10.670  i0: it goes on where it came to
00:10.691  the network is not needed on h3 and gone
00:10.691  network default is gone from a host that had it
