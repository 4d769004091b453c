# For tests: the one change that makes a good object a bad one.
package lib.patch_test

replace(path, value) := [{"op": "replace", "path": path, "value": value}]

remove(path) := [{"op": "remove", "path": path}]

add(path, value) := [{"op": "add", "path": path, "value": value}]

none := []
