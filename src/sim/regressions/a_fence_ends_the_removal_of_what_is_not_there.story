# A volume of a shared pool is removed before it was made, slowly; its host is fenced meanwhile. The
# fence of the pretended host once passed over that removal, and the volume was said to leave a host
# that still works on it (seed 9100134425).
seed 1
hosts 3 lease=fast
create image image0
run 1s
create instance i0 {"image":"image0","flavor":"small"}
create instance i1 {"image":"image0","flavor":"tiny"}
create instance i2 {"image":"image0","flavor":"tiny","pool":"nas"}
faults h3 slow=300
delete instance i2
run 2s
quiet
stall h3 8s
run 3s
----
00:03.750  host h3 is silent for 900ms
00:05.098  h3 fenced itself
00:05.250  host h3 is silent for 2400ms and taken for lost
00:05.250  host h3 is down: its lease elapsed, and its host fenced itself
00:05.250  volume i2-root is in the hand of h2
00:05.294  the volume is gone
00:05.294  volume i2-root is gone from its host
