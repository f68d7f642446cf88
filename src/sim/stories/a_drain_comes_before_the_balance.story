# A host is drained while others are being balanced: no further move is begun for the balance, and
# none as long as the drain goes on.
hosts 3 vcpus=4 memory=1536MiB lease=default tunnels moves
create image tiny
upload image tiny
run 5s
update host h2 {"schedulable": false}
update host h3 {"schedulable": false}
create instance a {"image": "tiny", "flavor": "tiny"}
create instance b {"image": "tiny", "flavor": "tiny"}
create instance c {"image": "tiny", "flavor": "tiny"}
create instance d {"image": "tiny", "flavor": "tiny"}
run 10s
update host h2 {"schedulable": true}
run 1s
quiet
create balance default {"mode": "act", "rest": "0s", "every": "10s"}
run 500ms
update host h3 {"schedulable": true}
drain host h1
run 60s
undrain host h1
run 60s
rest 3m
----
00:16.000  admin asked for it: create balance default
00:16.000  admin asked for balance default to be exists
00:16.000  2 moves would take hosts from 172 thousandths off to 86 thousandths
00:16.000  volume b-root is copied to h2
00:16.000  b moves from h1 to h2 while it runs: h1 is 31.8 % fuller than h2 without it
00:16.000  hosts are being balanced: 1 move under way, 1 to begin
00:16.000  network default is needed on h2 by b
00:16.017  the network is ready on h2
00:16.025  b: h2 prepares for it: its volume is being prepared
00:16.061  there is a disk for the copy on h2
00:16.061  b: h2 prepares for it
00:16.078  b: h2 is ready to receive it
00:16.107  b: 128 of 128 MiB of it are left to send
00:16.310  b: 96 of 128 MiB of it are left to send
00:16.500  admin asked for it: change host h3
00:16.500  admin asked for host h3 to be exists
00:16.500  admin asked for it: drain host h1
00:16.500  admin asked for host h1 to be drained
00:16.500  volume c-root is copied to h3
00:16.500  c moves from h1 to h3 while it runs: h3 has the most room of 3 hosts
00:16.500  volume d-root is copied to h2
00:16.500  d moves from h1 to h2 while it runs: h2 has the most room of 3 hosts
00:16.500  volume a-root is copied to h3
00:16.500  a moves from h1 to h3 while it runs: h3 has the most room of 3 hosts
00:16.500  network default is needed on h3 by c
00:16.500  image tiny is brought to h3
00:16.501  the image is being brought to h3
00:16.518  c: h3 prepares for it: its image is not here yet
00:16.522  d: h2 prepares for it: its volume is being prepared
00:16.523  the network is ready on h3
00:16.525  b: 80 of 128 MiB of it are left to send
00:16.525  hosts are being balanced: 1 move under way, 0 to begin; the rest is given up: h1 is being drained
00:16.559  a: h3 prepares for it: its image is not here yet
00:16.564  there is a disk for the copy on h2
00:16.564  d: h2 prepares for it
00:16.612  d: h2 is ready to receive it
00:16.644  d: 128 of 128 MiB of it are left to send
00:16.699  b: 64 of 128 MiB of it are left to send
00:16.862  d: 16 of 128 MiB of it are left to send
00:16.916  b: 48 of 128 MiB of it are left to send
00:17.070  d: 0 of 128 MiB of it are left to send
00:17.102  b: 32 of 128 MiB of it are left to send
00:17.244  d: all of it has arrived on h2
00:17.244  d: all of it is sent, and it stands still
00:17.244  d is handed over to h2, generation 2: it stands still, and all of it has arrived
00:17.244  volume d-root lies on h2 with its instance
00:17.247  there is a disk for the copy on h1
00:17.303  b: 16 of 128 MiB of it are left to send
00:17.347  d: it goes on where it came to
00:17.350  the copy on h1 is gone
00:17.350  the copy of volume d-root is gone from a host that had it
00:17.460  the image is on h3
00:17.460  c: h3 prepares for it: its volume is being prepared
00:17.460  a: h3 prepares for it: its volume is being prepared
00:17.513  there is a disk for the copy on h3
00:17.514  a: h3 prepares for it
00:17.518  there is a disk for the copy on h3
00:17.518  c: h3 prepares for it
00:17.521  b: 0 of 128 MiB of it are left to send
00:17.550  a: h3 is ready to receive it
00:17.575  c: h3 is ready to receive it
00:17.590  a: 128 of 128 MiB of it are left to send
00:17.631  c: 128 of 128 MiB of it are left to send
00:17.706  b: all of it is sent, and it stands still
00:17.707  b: all of it has arrived on h2
00:17.707  b is handed over to h2, generation 2: it stands still, and all of it has arrived
00:17.707  volume b-root lies on h2 with its instance
00:17.707  hosts were 172 thousandths off and are 0 thousandths off, 86 thousandths were predicted: 1 instance moved; the rest was given up: h1 is being drained
00:17.707  the plan is over
00:17.707  there is a disk for the copy on h1
00:17.778  b: it goes on where it came to
00:17.806  a: 112 of 128 MiB of it are left to send
00:17.811  the copy on h1 is gone
00:17.811  the copy of volume b-root is gone from a host that had it
00:17.814  c: 64 of 128 MiB of it are left to send
00:17.995  a: 96 of 128 MiB of it are left to send
00:18.011  c: 48 of 128 MiB of it are left to send
00:18.200  a: 80 of 128 MiB of it are left to send
00:18.222  c: 32 of 128 MiB of it are left to send
00:18.382  a: 64 of 128 MiB of it are left to send
00:18.421  c: 16 of 128 MiB of it are left to send
00:18.605  a: 48 of 128 MiB of it are left to send
00:18.614  c: 0 of 128 MiB of it are left to send
00:18.788  a: 32 of 128 MiB of it are left to send
00:18.794  c: all of it has arrived on h3
00:18.794  c: all of it is sent, and it stands still
00:18.794  c is handed over to h3, generation 2: it stands still, and all of it has arrived
00:18.794  volume c-root lies on h3 with its instance
00:18.796  there is a disk for the copy on h1
00:18.879  the copy on h1 is gone
00:18.879  the copy of volume c-root is gone from a host that had it
00:18.880  c: it goes on where it came to
00:18.990  a: 16 of 128 MiB of it are left to send
00:19.209  a: 0 of 128 MiB of it are left to send
00:19.413  a: all of it is sent, and it stands still
00:19.413  a: all of it has arrived on h3
00:19.413  a is handed over to h3, generation 2: it stands still, and all of it has arrived
00:19.413  volume a-root lies on h3 with its instance
00:19.413  network default is not needed on h1 any more
00:19.413  host h1: drained
00:19.417  there is a disk for the copy on h1
00:19.469  the copy on h1 is gone
00:19.469  the copy of volume a-root is gone from a host that had it
00:19.484  a: it goes on where it came to
00:19.494  the network is not needed on h1 and gone
00:19.494  network default is gone from a host that had it
00:27.707  hosts are balanced: no move is worth it
01:16.500  admin asked for it: end the drain of host h1
01:16.500  admin asked for host h1 to be exists
01:17.707  1 move would take hosts from 86 thousandths off to 43 thousandths
01:17.707  volume c-root is copied to h1
01:17.707  c moves from h3 to h1 while it runs: h3 is 10.6 % fuller than h1 without it
01:17.707  hosts are being balanced: 1 move under way, 0 to begin
01:17.707  network default is needed on h1 by c
01:17.725  the network is ready on h1
01:17.737  c: h1 prepares for it: its volume is being prepared
01:17.760  there is a disk for the copy on h1
01:17.760  c: h1 prepares for it
01:17.783  c: h1 is ready to receive it
01:17.821  c: 128 of 128 MiB of it are left to send
01:18.015  c: 112 of 128 MiB of it are left to send
01:18.224  c: 96 of 128 MiB of it are left to send
01:18.441  c: 80 of 128 MiB of it are left to send
01:18.607  c: 64 of 128 MiB of it are left to send
01:18.837  c: 48 of 128 MiB of it are left to send
01:19.020  c: 32 of 128 MiB of it are left to send
01:19.234  c: 16 of 128 MiB of it are left to send
01:19.428  c: 0 of 128 MiB of it are left to send
01:19.619  c: all of it has arrived on h1
01:19.620  c: all of it is sent, and it stands still
01:19.620  c is handed over to h1, generation 3: it stands still, and all of it has arrived
01:19.620  volume c-root lies on h1 with its instance
01:19.620  hosts were 86 thousandths off and are 43 thousandths off, 43 thousandths were predicted: 1 instance moved
01:19.620  the plan is over
01:19.622  there is a disk for the copy on h3
01:19.675  the copy on h3 is gone
01:19.675  the copy of volume c-root is gone from a host that had it
01:19.713  c: it goes on where it came to
