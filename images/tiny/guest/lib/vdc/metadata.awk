# Reads meta-data (NoCloud's YAML, OpenStack's JSON) and the like of it in #cloud-config. No parser:
# it looks for a few names and takes what follows, which serves both notations.
#   want=names  prints id='...' and name='...' for the shell, those that are there
#   want=keys   prints the ssh keys, one per line

{ text = text $0 "\n" }

# The plain value after the first of `key:`, `"key":`; only letters that are safe in a shell.
function value_of(key,    found) {
    if (!match(text, "(^|[\n{,\" ])" key "\"?[ \t]*:[ \t\n]*[\"']?[A-Za-z0-9._-]+")) return ""
    found = substr(text, RSTART, RLENGTH)
    sub(/.*[^A-Za-z0-9._-]/, "", found)
    return found
}

function names(    id, name) {
    id = value_of("instance-id")
    if (id == "") id = value_of("uuid")
    name = value_of("local-hostname")
    if (name == "") name = value_of("hostname")
    if (id != "") print "id='" id "'"
    if (name != "") print "name='" name "'"
}

function keys(    rest) {
    rest = text
    while (match(rest, /(ssh-[a-z0-9]+|ecdsa-[a-z0-9-]+|sk-[a-z0-9@.-]+) [A-Za-z0-9+\/]+=*( [A-Za-z0-9@._+:-]+)*/)) {
        print substr(rest, RSTART, RLENGTH)
        rest = substr(rest, RSTART + RLENGTH)
    }
}

END { if (want == "keys") keys(); else names() }
