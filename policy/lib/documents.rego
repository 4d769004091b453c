# What a file holds: one object, or a list of them as `kubectl get` prints it.
package lib.documents

resources(document) := {document} if document.kind != "List"

resources(document) := {item | some item in document.items} if document.kind == "List"
