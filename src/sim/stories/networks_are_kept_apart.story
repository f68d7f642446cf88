# Two networks of one host have numbers, addresses and rules of their own.
hosts 2 vcpus=8 memory=8GiB
create image tiny
upload image tiny
run 5s
create network back {"range": "10.88.0.0/24"}
run 1s
create instance web {"image": "tiny", "flavor": "tiny"}
create instance db {"image": "tiny", "flavor": "tiny", "networks": ["back"]}
create instance both {"image": "tiny", "flavor": "tiny", "networks": ["default", "back"]}
create app shop {"replicas": 2, "template": {"image": "tiny", "flavor": "tiny", "network": "back"}, "front": {"port": 80, "target_port": 80, "protocol": "http"}}
create app blog {"replicas": 1, "template": {"image": "tiny", "flavor": "tiny", "network": "default"}, "front": {"port": 80, "target_port": 80, "protocol": "http"}}
run 20s
quiet
rest
delete instance db
delete instance both
delete app shop
run 30s
delete network back
run 5s
rest
----
00:46.000  admin asked for it: delete instance db
00:46.000  admin asked for instance db to be gone
00:46.000  admin asked for it: delete instance both
00:46.000  admin asked for instance both to be gone
00:46.000  admin asked for it: delete app shop
00:46.000  admin asked for app shop to be gone
00:46.000  no host carries the front of shop any more
00:46.000  shop ends: end shop-2
00:46.000  shop ends: end shop-1
00:46.021  the volume is detached
00:46.021  both: its run was ended
00:46.026  the front is gone from h1
00:46.026  shop's front is gone from a host that had it
00:46.026  shop has no front any more
00:46.034  the volume is detached
00:46.035  shop-2: its run was ended
00:46.039  the volume is detached
00:46.039  db: its run was ended
00:46.060  the volume is detached
00:46.060  shop-1: its run was ended
00:46.064  db: nothing is left of it here
00:46.064  db ended and left its host
00:46.064  its instance db ends
00:46.064  volume db-root ends with its instance
00:46.064  its instance db is gone
00:46.064  instance db is gone
00:46.064  instance db: gone
00:46.065  both: nothing is left of it here
00:46.065  both ended and left its host
00:46.065  its instance both ends
00:46.065  volume both-root ends with its instance
00:46.065  its instance both is gone
00:46.065  its instance both is gone
00:46.065  instance both is gone
00:46.065  instance both: gone
00:46.071  shop-2: nothing is left of it here
00:46.071  shop-2 ended and left its host
00:46.071  network back is not needed on h2 any more
00:46.071  its instance shop-2 ends
00:46.071  volume shop-2-root ends with its instance
00:46.071  its instance shop-2 is gone
00:46.071  instance shop-2 is gone
00:46.094  shop-1: nothing is left of it here
00:46.094  shop-1 ended and left its host
00:46.094  network back is not needed on h1 any more
00:46.094  its instance shop-1 ends
00:46.094  volume shop-1-root ends with its instance
00:46.094  its instance shop-1 is gone
00:46.094  instance shop-1 is gone
00:46.094  application shop is gone
00:46.094  application shop: gone
00:46.105  the volume is gone
00:46.105  volume db-root is gone from its host
00:46.118  the volume is gone
00:46.118  volume both-root is gone from its host
00:46.122  the volume is gone
00:46.122  volume shop-1-root is gone from its host
00:46.123  the volume is gone
00:46.123  volume shop-2-root is gone from its host
00:46.143  the network is not needed on h2 and gone
00:46.143  network back is gone from a host that had it
00:46.177  the network is not needed on h1 and gone
00:46.177  network back is gone from a host that had it
01:16.000  admin asked for it: delete network back
01:16.000  admin asked for network back to be gone
01:16.000  network back is gone
01:16.000  network back: gone
