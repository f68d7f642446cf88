# Stopped, started and stopped again within a moment: the host that said "off" may be obeying the start. Its room
# is given away only when it has heard of the last stop (seed 2001824).
hosts 1
seed 2
create image image0
upload image image0
run 50ms
ways late=46 delay=1507ms
run 14664ms
create instance i1 {"image":"image0","flavor":"small"}
run 13616ms
stop instance i1
run 3308ms
start instance i1
run 1s
stop instance i1
run 1s
heal
rest 1m
