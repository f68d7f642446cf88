# The keeper of an image is lost. A host that has a copy boots anew: it finds the copy, though nobody is left to bring
# it from (seed 31728 of earlier lives).
hosts 2 lease=fast
create image tiny
upload image tiny
run 5s
update host h2 {"schedulable": false}
create instance web {"image": "tiny", "flavor": "tiny", "pool": "nas"}
run 10s
bury h2
run 20s
reboot h1 10s
run 60s
rest 1m
