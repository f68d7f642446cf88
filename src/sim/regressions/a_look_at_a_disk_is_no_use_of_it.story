# An agent that begins while its guest moves looks at the guest's disks by preparing them. That is no use
# of them when the guest is handed over in that moment.
hosts 3 tunnels moves
create image image0
upload image image0
create image image1
create instance i0 {"image":"image0","flavor":"tiny"}
create volume v0 {"size":"1GiB","instance":"i0"}
run 1s
faults h1 lie=99 slow=67
run 10s
create app app0 {"replicas":4,"template":{"image":"image0","flavor":"tiny","network":"default"},"front":{"port":80,"target_port":80,"protocol":"http"}}
run 11s
create instance i3 {"image":"image1","flavor":"tiny"}
run 1s
create instance i5 {"image":"image1","flavor":"tiny"}
run 72s
drain host h1
kill agent h1
start agent h1
run 5s
