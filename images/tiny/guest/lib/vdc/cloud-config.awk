# Turns the part of #cloud-config that this guest understands into two shell scripts: `files`
# writes write_files, `commands` runs runcmd. Names and keys are metadata.awk's. Prints a line for
# every other key. It reads the block style that people write, not all of YAML.

function quoted(word) { gsub(/'/, "'\\''", word); return "'" word "'" }
function bare(word) {
    gsub(/^[ \t]+|[ \t]+$/, "", word)
    if (word ~ /^".*"$/ || word ~ /^'.*'$/) word = substr(word, 2, length(word) - 2)
    return word
}
function indent_of(line) { match(line, /^ */); return RLENGTH }

# [ls, "-l", /tmp] becomes 'ls' '-l' '/tmp'.
function command_of(list,    words, count, i, line) {
    count = split(substr(list, 2, length(list) - 2), words, ",")
    for (i = 1; i <= count; i++) line = line (i > 1 ? " " : "") quoted(bare(words[i]))
    return line
}

function start_block(kind) { block = kind; block_indent = -1 }

# The lines of a `|` block, less their common indent; blank lines inside belong to it.
function in_block(line) {
    if (block_indent < 0 && line !~ /^ *$/) {
        if (indent_of(line) <= key_indent) return 0
        block_indent = indent_of(line)
    }
    return line ~ /^ *$/ || indent_of(line) >= block_indent
}
function take_block(line) {
    line = substr(line, block_indent + 1)
    if (block == "command") print line > commands
    else content = content line "\n"
}

function end_file(    target) {
    if (path == "") return
    target = (append ~ /true|yes/ ? " >>" : " >") quoted(path)
    print "mkdir -p \"$(dirname " quoted(path) ")\"" > files
    print "printf %s " quoted(content) (encoding ~ /b(ase)?64/ ? " | base64 -d" : "") target > files
    if (mode != "") print "chmod " quoted(mode) " " quoted(path) > files
    path = content = mode = encoding = append = ""
}

function take_file_key(line,    key, value) {
    key = line
    sub(/:.*/, "", key)
    value = line
    sub(/^[^:]*: */, "", value)
    if (key == "path") path = bare(value)
    else if (key == "permissions") mode = bare(value)
    else if (key == "encoding") encoding = bare(value)
    else if (key == "append") append = bare(value)
    else if (key == "content" && value ~ /^[|>]/) start_block("content")
    else if (key == "content") content = bare(value)
}

block != "" { if (in_block($0)) { take_block($0); next } block = "" }
/^ *(#|$)/ || /^---/ { next }
/^[A-Za-z_]+:/ {
    end_file()
    section = $0
    sub(/:.*/, "", section)
    if (section !~ /^(hostname|fqdn|local-hostname|ssh_authorized_keys|runcmd|write_files)$/)
        print "vdc-tiny ignores '" section "' in its #cloud-config"
    next
}
section == "runcmd" && /^ *- / {
    key_indent = indent_of($0)
    line = $0
    sub(/^ *- */, "", line)
    if (line ~ /^[|>]/) start_block("command")
    else print (line ~ /^\[.*\]$/ ? command_of(line) : bare(line)) > commands
}
section == "write_files" {
    line = $0
    if (line ~ /^ *- /) { end_file(); sub(/- /, "  ", line) }
    key_indent = indent_of(line)
    sub(/^ */, "", line)
    take_file_key(line)
}
END { end_file() }
