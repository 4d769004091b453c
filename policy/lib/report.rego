# The form in which every rule tells what it found: the rule first, then the object, then what must be otherwise.
package lib.report

on(rule, resource, text) := {
	"msg": sprintf("%s: %s %s: %s", [rule, resource.kind, name(resource), text]),
	"details": {"rule": rule},
}

on_container(rule, resource, container, text) := {
	"msg": sprintf("%s: %s %s, container %s: %s", [rule, resource.kind, name(resource), called, text]),
	"details": {"rule": rule, "container": called},
} if {
	called := object.get(container, "name", "without a name")
}

name(resource) := object.get(resource, ["metadata", "name"], "without a name")
