# What a selector of labels chooses, as Kubernetes reads it.
package lib.selector

# Whether it leaves something out for sure. Exists, NotIn and DoesNotExist may well match everything: every namespace has a name.
is_narrow(selector) if count(selector.matchLabels) > 0

is_narrow(selector) if {
	some expression in selector.matchExpressions
	expression.operator == "In"
}

# Whether it chooses these labels. An empty one chooses all, a missing one none.
matches(selector, labels) if {
	is_object(selector)
	every key, value in entries(selector, "matchLabels", {}) {
		labels[key] == value
	}
	every expression in entries(selector, "matchExpressions", []) {
		satisfies(expression, labels)
	}
}

# A field that is null is a field that is not there.
entries(selector, field, _) := selector[field] if selector[field] != null

entries(selector, field, otherwise) := otherwise if object.get(selector, field, null) == null

satisfies(expression, labels) if {
	expression.operator == "In"
	labels[expression.key] in expression.values
}

satisfies(expression, labels) if {
	expression.operator == "NotIn"
	every value in expression.values {
		not labels[expression.key] == value
	}
}

satisfies(expression, labels) if {
	expression.operator == "Exists"
	labels[expression.key]
}

satisfies(expression, labels) if {
	expression.operator == "DoesNotExist"
	not labels[expression.key]
}
