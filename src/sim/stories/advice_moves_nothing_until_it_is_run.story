# The balance only advises: the plan is kept for people to see, and nothing moves until somebody asks
# for a run.
hosts 2 vcpus=4 memory=1536MiB tunnels moves
create image tiny
upload image tiny
run 5s
update host h2 {"schedulable": false}
create instance a {"image": "tiny", "flavor": "tiny"}
create instance b {"image": "tiny", "flavor": "tiny"}
run 10s
update host h2 {"schedulable": true}
run 1s
quiet
create balance default {"mode": "advise", "rest": "0s"}
run 2m
run-balance balance default
run 20s
rest 2m
----
00:16.000  admin asked for it: create balance default
00:16.000  admin asked for balance default to be exists
00:16.000  1 move would take hosts from 91 thousandths off to 0 thousandths
02:16.000  admin asked for it: run balance default
02:16.000  admin asked for balance default to be balanced
02:16.000  1 move would take hosts from 91 thousandths off to 0 thousandths
02:16.000  volume b-root is copied to h2
02:16.000  b moves from h1 to h2 while it runs: h1 is 10.6 % fuller than h2 without it
02:16.000  hosts are being balanced: 1 move under way, 0 to begin
02:16.000  network default is needed on h2 by b
02:16.000  image tiny is brought to h2
02:16.001  the image is being brought to h2
02:16.018  the network is ready on h2
02:16.024  b: h2 prepares for it: its image is not here yet
02:17.896  the image is on h2
02:17.897  b: h2 prepares for it: its volume is being prepared
02:17.933  there is a disk for the copy on h2
02:17.934  b: h2 prepares for it
02:17.950  b: h2 is ready to receive it
02:17.998  b: 128 of 128 MiB of it are left to send
02:18.211  b: 32 of 128 MiB of it are left to send
02:18.367  b: 16 of 128 MiB of it are left to send
02:18.611  b: 0 of 128 MiB of it are left to send
03:32.000  b is stopped until all of it is sent: it did not end otherwise
03:32.177  b: all of it is sent, and it stands still
03:32.178  b: all of it has arrived on h2
03:32.178  b is handed over to h2, generation 2: it stands still, and all of it has arrived
03:32.178  volume b-root lies on h2 with its instance
03:32.178  hosts were 91 thousandths off and are 0 thousandths off, 0 thousandths were predicted: 1 instance moved
03:32.178  the plan is over
03:32.178  balance default: balanced
03:32.179  there is a disk for the copy on h1
03:32.253  the copy on h1 is gone
03:32.253  the copy of volume b-root is gone from a host that had it
03:32.287  b: it goes on where it came to
