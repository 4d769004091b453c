# How every rule says what it found: which rule, in which object, and what is wrong.
package lib.report

about(resource, rule, text) := {
	"msg": sprintf("%s %s %s: %s", [rule, resource.kind, name(resource), text]),
	"details": {"rule": rule, "kind": resource.kind, "name": name(resource)},
}

about_container(resource, container, rule, text) := {
	"msg": sprintf("%s %s %s, container %s: %s", [rule, resource.kind, name(resource), called, text]),
	"details": {"rule": rule, "kind": resource.kind, "name": name(resource), "container": called},
} if {
	called := object.get(container, "name", "without a name")
}

name(resource) := object.get(resource, ["metadata", "name"], "without a name")
