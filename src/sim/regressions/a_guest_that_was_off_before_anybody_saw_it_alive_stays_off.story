# A launch is done and reported as failed, and its guest powers itself off before anybody looks: that
# was its start, and it is not started again (seed 2003505).
hosts 1
seed 1
create image tiny
upload image tiny
run 5s
create instance web {"image": "tiny", "flavor": "tiny", "restart": "on_failure", "power": "off"}
run 5s
quiet
start instance web
run 60ms
faults h1 lie=1000
run 700ms
poweroff web
faults h1 lie=0
run 20s
rest
----
00:10.000  admin asked for it: start instance web
00:10.000  admin asked for instance web to be running
00:10.000  web claimed on h1, generation 1: h1 has the most room of 1 host
00:10.000  volume web-root lies on h1 with its instance
00:10.000  network default is needed on h1 by web
00:10.034  the network is ready on h1
00:10.048  web: it waits: its volume is being prepared
00:10.097  the volume is ready
00:10.098  web: it is being started
00:10.760  web: it waits: the host had a moment of weakness
00:10.760  web is off and gives its room back
00:10.760  network default is not needed on h1 any more
00:10.760  instance web: running
00:10.813  the network is not needed on h1 and gone
00:10.813  network default is gone from a host that had it
