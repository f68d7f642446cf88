# A slow store: the leader looked again while its first fence was being written, and the storm brake did not
# count that one.
seed 3
hosts 4 lease=fast
run 1s
store slow=300
cut h1 down
run 2s
kill agent h3
run 5s
----
00:00.000  a new datacenter has project default
00:00.000  a new datacenter has network default
00:00.000  a new datacenter has flavor tiny
00:00.000  a new datacenter has flavor small
00:00.000  a new datacenter has flavor medium
00:00.000  a new datacenter has flavor large
00:00.000  network default is number 1
00:00.000  host h4 joins
00:00.000  host h4 begins epoch 1
00:00.000  host h4 says what it is
00:00.001  host h3 joins
00:00.001  host h3 begins epoch 1
00:00.001  host h3 says what it is
00:00.001  host h1 joins
00:00.001  host h1 begins epoch 1
00:00.001  host h1 says what it is
00:00.001  host h2 joins
00:00.001  host h2 begins epoch 1
00:00.001  host h2 says what it is
00:02.999  h1 fenced itself
00:03.750  host h1 is silent for 900ms
00:03.750  host h3 is silent for 900ms
00:04.000  host h1 begins epoch 2
00:05.098  h3 fenced itself
00:04.250  host h1 is silent for 1400ms
00:05.250  host h1 is heard again
00:05.250  host h3 is silent for 2400ms and taken for lost
00:05.500  host h3 is down: its lease elapsed, and its host fenced itself
00:06.250  host h1 is silent for 1s
00:07.750  host h1 is silent for 2500ms and taken for lost; the storm brake holds it: 1 of 4 hosts of the datacenter were fenced within 10 minutes; `vdc host declare-dead h1` if it is dead
