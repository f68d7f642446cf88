# A volume shall go back, so its instance is to be ended; that fails for a while, and its guest powers
# itself off meanwhile. Once it was taken for an end of our own, and the guest was started again.
hosts 1
run 100ms
create image image0
run 50ms
upload image image0
run 1s
create instance i2 {"image":"image0","flavor":"tiny"}
run 10s
create volume v2 {"size":"1GiB","instance":"i2"}
run 5s
create snapshot s1v2 {"volume":"v2"}
run 5s
quiet
faults h1 fail=1000
revert volume v2 {"snapshot":"s1v2"}
run 1s
poweroff i2
faults h1 fail=0
run 20s
rest
----
00:21.150  admin asked for it: revert to s1v2: volume v2
00:21.150  admin asked for volume v2 to be reverted
00:21.169  the network is not as wanted on h1: the host had a moment of weakness
00:22.150  the volume is detached
00:22.150  the volume is detached
00:22.151  i2: its guest powered off
00:22.151  i2 is off and gives its room back
00:22.151  network default is not needed on h1 any more
00:22.178  the volume went back to its snapshot
00:22.178  volume v2: reverted
00:23.050  the network is not needed on h1 and gone
00:23.050  network default is gone from a host that had it
