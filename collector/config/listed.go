package config

import "reflect"

// ListedPeople reads the people of any people.yaml there ever was, as far as it can be read.
func ListedPeople(content []byte) []Person {
	var file People
	d := &decoder{file: PeopleFile, lines: map[string]int{}, root: reflect.TypeFor[People]()}
	if root := d.parse(content); root != nil {
		d.value(root, reflect.ValueOf(&file).Elem(), "")
	}
	return file.People
}
