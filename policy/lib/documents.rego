# What a file holds: one object, or a list of them. To kubectl whatever has items is a list, of whatever kind, and may hold lists.
package lib.documents

resources(document) := {document} if {
	is_object(document)
	not is_list(document)
}

resources(document) := {item |
	[path, item] := walk(document)
	is_object(item)
	not is_list(item)
	every index, step in path {
		is_step(index, step)
	}
} if {
	is_list(document)
}

is_list(document) if is_array(document.items)

# items, a number, items, a number …
is_step(index, "items") if index % 2 == 0

is_step(index, step) if {
	index % 2 == 1
	is_number(step)
}
