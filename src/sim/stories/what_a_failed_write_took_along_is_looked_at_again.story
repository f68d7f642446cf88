# Operations are forgotten an hour after their end. The store is away at just that time, so the
# write that forgets them fails: everything is looked at again when it is back.
hosts 1
create image tiny
run 5s
upload image tiny
run 59m
run 50s
store fail=1000
run 30s
store fail=0
run 2h
rest
----
00:00.000  a new datacenter has project default
00:00.000  a new datacenter has network default
00:00.000  a new datacenter has flavor tiny
00:00.000  a new datacenter has flavor small
00:00.000  a new datacenter has flavor medium
00:00.000  a new datacenter has flavor large
00:00.000  admin asked for it: create image tiny
00:00.000  admin asked for image tiny to be exists
00:00.000  network default is number 1
00:00.001  host h1 joins
00:00.001  host h1 begins epoch 1
00:00.001  host h1 says what it is
00:00.001  image tiny is kept on h1
00:05.000  admin asked for it: import image tiny
00:05.000  admin asked for image tiny to be ready
00:05.002  the image is being checked and converted
00:06.831  the image is ready
00:06.831  image tiny: ready
60:26.000  the operation ended long ago
60:26.000  the operation ended long ago
