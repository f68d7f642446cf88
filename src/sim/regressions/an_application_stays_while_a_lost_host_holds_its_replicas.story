# An application is deleted while a lost host still holds a replica of it: it stays until that host is
# back and has nothing of it. To forget it under its replica once stopped the controller.
hosts 3 lease=fast
seed 1
create image tiny
upload image tiny
run 5s
create app shop {"replicas": 3, "template": {"image": "tiny", "flavor": "small", "network": "default"}}
run 15s
quiet
reboot h2 2m
run 20s
delete app shop
run 2m
heal
rest 5m
----
00:21.000  host h2 is silent for 1s
00:22.500  host h2 is silent for 2500ms and taken for lost
00:22.500  host h2 is down: its lease elapsed, and its host fenced itself
00:22.500  shop-1 is given up with h2, which is down: another one is made
00:22.500  shop wants 3 replicas: make shop-4
00:22.500  root volume of shop-4
00:22.500  network card of shop-4
00:22.500  port shop-4-port0 has 10.77.0.5 in default
00:22.500  shop-4 claimed on h1, generation 1: h1 is where the plan for this loss brings it
00:22.500  volume shop-4-root lies on h1 with its instance
00:22.534  shop-4: it waits: its volume is being prepared
00:22.553  the volume is ready
00:22.554  shop-4: it is being started
00:22.839  the volume is attached
00:22.839  shop-4: it runs with kvm
00:40.000  admin asked for it: delete app shop
00:40.000  admin asked for app shop to be gone
00:40.000  shop ends: end shop-4
00:40.000  shop ends: end shop-3
00:40.000  shop ends: end shop-2
00:40.018  the volume is detached
00:40.018  shop-2: its run was ended
00:40.031  the volume is detached
00:40.031  shop-4: its run was ended
00:40.055  shop-2: nothing is left of it here
00:40.055  shop-2 ended and left its host
00:40.055  network default is not needed on h3 any more
00:40.055  its instance shop-2 ends
00:40.055  volume shop-2-root ends with its instance
00:40.055  its instance shop-2 is gone
00:40.055  instance shop-2 is gone
00:40.061  the volume is detached
00:40.061  shop-3: its run was ended
00:40.079  shop-4: nothing is left of it here
00:40.079  shop-4 ended and left its host
00:40.079  its instance shop-4 ends
00:40.079  volume shop-4-root ends with its instance
00:40.079  its instance shop-4 is gone
00:40.079  instance shop-4 is gone
00:40.092  the network is not needed on h3 and gone
00:40.092  network default is gone from a host that had it
00:40.104  the volume is gone
00:40.104  volume shop-2-root is gone from its host
00:40.117  shop-3: nothing is left of it here
00:40.117  shop-3 ended and left its host
00:40.117  network default is not needed on h1 any more
00:40.117  its instance shop-3 ends
00:40.117  volume shop-3-root ends with its instance
00:40.117  its instance shop-3 is gone
00:40.117  instance shop-3 is gone
00:40.136  the volume is gone
00:40.136  volume shop-4-root is gone from its host
00:40.149  the volume is gone
00:40.149  volume shop-3-root is gone from its host
00:40.151  the network is not needed on h1 and gone
00:40.151  network default is gone from a host that had it
02:20.000  host h2 begins epoch 2
02:20.000  volume shop-1-root is still on h2
02:20.000  shop-1 starts again on h2, which booted anew
02:20.000  host h2 says what it is
02:20.052  the volume is detached
02:20.053  shop-1: its run is over; it is started again
02:20.053  shop-1 ended and left its host
02:20.053  network default is not needed on h2 any more
02:20.053  its instance shop-1 ends
02:20.053  volume shop-1-root ends with its instance
02:20.053  its instance shop-1 is gone
02:20.053  instance shop-1 is gone
02:20.053  application shop is gone
02:20.053  application shop: gone
02:20.093  the volume is gone
02:20.093  the network is not needed on h2 and gone
02:20.093  network default is gone from a host that had it
02:20.093  volume shop-1-root is gone from its host
02:40.000  everything heals
