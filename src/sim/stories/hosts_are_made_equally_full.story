# A host that was closed is opened, and the balance acts: who gains enough moves there while it runs,
# one after the other, until nothing is left to gain. What came of it is held against the prediction.
hosts 2 vcpus=4 memory=1536MiB tunnels moves
create image tiny
upload image tiny
run 5s
update host h2 {"schedulable": false}
create instance a {"image": "tiny", "flavor": "tiny"}
create instance b {"image": "tiny", "flavor": "tiny"}
create instance c {"image": "tiny", "flavor": "tiny"}
create instance d {"image": "tiny", "flavor": "tiny"}
run 10s
update host h2 {"schedulable": true}
run 1s
quiet
create balance default {"mode": "act", "rest": "0s"}
run 30s
rest 3m
----
00:16.000  admin asked for it: create balance default
00:16.000  admin asked for balance default to be exists
00:16.000  2 moves would take hosts from 182 thousandths off to 0 thousandths
00:16.000  volume b-root is copied to h2
00:16.000  b moves from h1 to h2 while it runs: h1 is 31.8 % fuller than h2 without it
00:16.000  hosts are being balanced: 1 move under way, 1 to begin
00:16.000  network default is needed on h2 by b
00:16.000  image tiny is brought to h2
00:16.002  the image is being brought to h2
00:16.019  the network is ready on h2
00:16.025  b: h2 prepares for it: its image is not here yet
00:17.897  the image is on h2
00:17.897  b: h2 prepares for it: its volume is being prepared
00:17.933  there is a disk for the copy on h2
00:17.934  b: h2 prepares for it
00:17.951  b: h2 is ready to receive it
00:17.981  b: 128 of 128 MiB of it are left to send
00:18.182  b: 96 of 128 MiB of it are left to send
00:18.397  b: 80 of 128 MiB of it are left to send
00:18.583  b: 64 of 128 MiB of it are left to send
00:18.777  b: 48 of 128 MiB of it are left to send
00:18.985  b: 32 of 128 MiB of it are left to send
00:19.189  b: 16 of 128 MiB of it are left to send
00:19.379  b: 0 of 128 MiB of it are left to send
00:19.604  b: all of it has arrived on h2
00:19.604  b: all of it is sent, and it stands still
00:19.604  b is handed over to h2, generation 2: it stands still, and all of it has arrived
00:19.604  volume b-root lies on h2 with its instance
00:19.604  volume c-root is copied to h2
00:19.604  c moves from h1 to h2 while it runs: h1 is 10.6 % fuller than h2 without it
00:19.604  hosts are being balanced: 1 move under way, 0 to begin
00:19.606  there is a disk for the copy on h1
00:19.624  c: h2 prepares for it: its volume is being prepared
00:19.666  there is a disk for the copy on h2
00:19.666  c: h2 prepares for it
00:19.681  b: it goes on where it came to
00:19.682  the copy on h1 is gone
00:19.682  the copy of volume b-root is gone from a host that had it
00:19.712  c: h2 is ready to receive it
00:19.730  c: 128 of 128 MiB of it are left to send
00:19.952  c: 0 of 128 MiB of it are left to send
00:20.155  c: all of it is sent, and it stands still
00:20.156  c: all of it has arrived on h2
00:20.156  c is handed over to h2, generation 2: it stands still, and all of it has arrived
00:20.156  volume c-root lies on h2 with its instance
00:20.156  hosts were 182 thousandths off and are 0 thousandths off, 0 thousandths were predicted: 2 instances moved
00:20.156  the plan is over
00:20.157  there is a disk for the copy on h1
00:20.232  c: it goes on where it came to
00:20.268  the copy on h1 is gone
00:20.268  the copy of volume c-root is gone from a host that had it
